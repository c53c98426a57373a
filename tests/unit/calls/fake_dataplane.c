/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane of tests (fake_dataplane.h). Runs in the test's only thread.
 */
#include "fake_dataplane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct rw_ring *ring(const struct fake *f, uint64_t offset)
{
	return (struct rw_ring *)(f->wire + offset);
}

static void wake(const struct fake *f)
{
	uint64_t one = 1;

	assert_int_equal(write(f->event_fd, &one, sizeof(one)), sizeof(one));
}

void fake_event(struct fake *f, const struct rw_event *ev)
{
	assert_int_equal(rw_ring_push(ring(f, rw_wire_events_offset()), RW_EVENT_SLOT_BYTES,
				      RW_EVENT_SLOTS, ev, sizeof(*ev)),
			 0);
	wake(f);
}

void fake_punts(struct fake *f, unsigned int n)
{
	static struct rw_punt punt;

	while (n--)
		assert_int_equal(rw_ring_push(ring(f, rw_wire_punts_offset()), RW_PUNT_SLOT_BYTES,
					      RW_PUNT_SLOTS, &punt, sizeof(punt)),
				 0);
	wake(f);
}

static void answer(struct fake *f, uint64_t seq, enum rw_ack_status status, unsigned int reason)
{
	struct rw_event ev = {
		.type = RW_EVENT_ACK, .status = status, .reason = reason, .seq = seq
	};

	if (f->silent)
		f->unanswered[f->unanswered_count++ % FAKE_FLOWS_MAX] = seq;
	else
		fake_event(f, &ev);
}

void fake_answer_all(struct fake *f)
{
	f->silent = false;
	for (unsigned int i = 0; i < f->unanswered_count; i++)
		answer(f, f->unanswered[i], RW_ACK_OK, 0);
	f->unanswered_count = 0;
}

static struct rw_flow_spec *find(struct fake *f, rw_flow_id id)
{
	for (unsigned int i = 0; i < f->flow_count; i++) {
		if (f->flows[i].id == id)
			return &f->flows[i];
	}
	return NULL;
}

const struct rw_flow_spec *fake_flow(const struct fake *f, unsigned int media, unsigned int port)
{
	for (unsigned int i = 0; i < f->flow_count; i++) {
		if (f->flows[i].id == rw_flow_id_make(media, (uint16_t)port))
			return &f->flows[i];
	}
	return NULL;
}

struct rw_flow_stats *fake_stats(struct fake *f, rw_flow_id id)
{
	struct rw_stats_header *h = (struct rw_stats_header *)f->stats;

	return (struct rw_flow_stats *)(f->stats + h->flows_offset) + rw_flow_slot(id, &f->limits);
}

static void set(struct fake *f, const struct rw_command *c)
{
	struct rw_flow_spec *at = find(f, c->spec.id);
	enum rw_flow_error error = rw_flow_spec_check(&c->spec, &f->limits);

	if (f->sets < FAKE_FLOWS_MAX)
		f->set_ids[f->sets] = c->spec.id;
	f->sets++;
	if (f->refuse_at && --f->refuse_at == 0)
		error = RW_FLOW_ERR_OUTPUT;
	if (error) {
		f->refused++;
		answer(f, c->seq, RW_ACK_REFUSED, error);
		return;
	}
	if ((f->stale_at && --f->stale_at == 0) || (at && at->generation > c->spec.generation)) {
		answer(f, c->seq, RW_ACK_STALE, 0);
		return;
	}
	if (!at) {
		assert_true(f->flow_count < FAKE_FLOWS_MAX);
		at = &f->flows[f->flow_count++];
		memset(fake_stats(f, c->spec.id), 0, sizeof(struct rw_flow_stats));
	}
	*at = c->spec;
	fake_stats(f, c->spec.id)->generation = c->spec.generation;
	fake_stats(f, c->spec.id)->state |= RW_FLOW_STATE_LIVE;
	answer(f, c->seq, RW_ACK_OK, 0);
}

static void del(struct fake *f, const struct rw_command *c)
{
	struct rw_flow_spec *at = find(f, c->spec.id);

	f->dels++;
	if (at && at->generation <= c->spec.generation)
		*at = f->flows[--f->flow_count];
	answer(f, c->seq, RW_ACK_OK, 0);
}

static void snapshot(struct fake *f, const struct rw_command *c)
{
	f->snapshots++;
	for (unsigned int i = 0; i < f->flow_count; i++) {
		struct rw_event ev = { .type = RW_EVENT_FLOW, .spec = f->flows[i] };

		fake_event(f, &ev);
	}
	answer(f, c->seq, RW_ACK_OK, 0);
}

static void on_commands(struct ev_loop *loop, ev_io *w, int revents)
{
	struct fake *f = w->data;
	struct rw_command c;
	uint64_t count;

	(void)loop;
	(void)revents;
	if (f->asleep) {
		ev_io_stop(f->loop, &f->command_io);
		return;
	}
	if (read(f->command_fd, &count, sizeof(count)) < 0)
		return;
	while (f->wire && rw_ring_pop(ring(f, rw_wire_commands_offset()), RW_COMMAND_SLOT_BYTES,
				      RW_COMMAND_SLOTS, &c) == 0) {
		if (c.type == RW_COMMAND_FLOW_SET)
			set(f, &c);
		else if (c.type == RW_COMMAND_FLOW_DEL)
			del(f, &c);
		else
			snapshot(f, &c);
	}
}

/* --- handshake --- */

static int memory(const char *name, size_t bytes, bool sealed, bool read_only, char **map)
{
	int fd;

	if (sealed) {
		fd = rw_shm_create(name, bytes, read_only, (void **)map);
	} else {
		fd = memfd_create(name, MFD_ALLOW_SEALING);
		assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
		*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	assert_true(fd >= 0);
	return fd;
}

static int make_stats(struct fake *f)
{
	struct rw_stats_header h = { .magic = RW_STATS_MAGIC,
				     .version = RW_ABI_VERSION,
				     .workers = f->limits.workers,
				     .flow_slots = rw_flow_slots(&f->limits) };
	int fd;

	h.workers_offset = rw_wire_align(sizeof(h));
	h.flows_offset = h.workers_offset + h.workers * sizeof(struct rw_worker_stats);
	h.size_bytes = h.flows_offset + h.flow_slots * sizeof(struct rw_flow_stats);
	f->stats_bytes = h.size_bytes;
	fd = memory("stats", h.size_bytes, f->lie != FAKE_UNSEALED_STATS, true, &f->stats);
	if (f->lie == FAKE_STATS_MAGIC)
		h.magic++;
	if (f->lie == FAKE_STATS_OFFSET)
		h.flows_offset += (uint64_t)1 << 40;
	memcpy(f->stats, &h, sizeof(h));
	return fd;
}

static int make_wire(struct fake *f)
{
	struct rw_wire_header h = { .magic = RW_WIRE_MAGIC,
				    .version = RW_ABI_VERSION,
				    .size_bytes = rw_wire_bytes() };
	size_t bytes = rw_wire_bytes();
	int fd;

	if (f->lie == FAKE_SMALL_WIRE)
		bytes -= 4096;
	if (f->lie == FAKE_WIRE_MAGIC)
		h.magic++;
	fd = memory("wire", bytes, f->lie != FAKE_UNSEALED_WIRE, false, &f->wire);
	memcpy(f->wire, &h, sizeof(h));
	return fd;
}

static void welcome_text(struct fake *f, struct rw_welcome *w)
{
	memset(w, 0, sizeof(*w));
	w->magic = RW_ABI_MAGIC;
	w->version = RW_ABI_VERSION;
	w->size_count = RW_SHARED_STRUCT_COUNT;
	rw_hello_sizes(w->sizes);
	w->limits = f->limits;
	w->epoch = f->epoch;
	snprintf(w->backend, sizeof(w->backend), "fake");
	if (f->lie == FAKE_SIZES)
		w->sizes[2]++;
	if (f->lie == FAKE_LIMITS)
		w->limits.port_max = (uint16_t)(w->limits.port_min - 1);
	if (f->lie == FAKE_BUSY)
		w->status = RW_WELCOME_BUSY;
	if (f->lie == FAKE_MISMATCH) {
		w->status = RW_WELCOME_MISMATCH;
		snprintf(w->message, sizeof(w->message), "sizeof is 1, need 2");
	}
	if (f->lie == FAKE_TEXT)
		memset(w->backend, 'x', sizeof(w->backend));
}

static void send_welcome(struct fake *f, const int *fds, unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct rw_welcome w;
	struct iovec iov = { .iov_base = &w, .iov_len = sizeof(w) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	welcome_text(f, &w);
	if (f->lie == FAKE_SHORT)
		iov.iov_len -= 8;
	if (count) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	}
	/* control may have given this connection up already */
	if (sendmsg(f->sock, &msg, MSG_NOSIGNAL) < 0)
		assert_int_equal(errno, EPIPE);
}

static void give_welcome(struct fake *f)
{
	int fds[8];
	unsigned int count = RW_FD_MAX;

	fds[RW_FD_STATS] = make_stats(f);
	fds[RW_FD_WIRE] = make_wire(f);
	fds[RW_FD_COMMANDS] = f->command_fd = eventfd(0, EFD_NONBLOCK);
	fds[RW_FD_EVENTS] = f->event_fd = eventfd(0, EFD_NONBLOCK);
	if (f->lie == FAKE_NO_FDS)
		count = 0;
	if (f->lie == FAKE_FEW_FDS)
		count = 2;
	if (f->lie == FAKE_MANY_FDS) {
		for (; count < 8; count++)
			fds[count] = f->event_fd;
	}
	send_welcome(f, fds, count);
	close(fds[RW_FD_STATS]);
	close(fds[RW_FD_WIRE]);
	ev_io_init(&f->command_io, on_commands, f->command_fd, EV_READ);
	f->command_io.data = f;
	ev_io_start(f->loop, &f->command_io);
}

static void on_socket(struct ev_loop *loop, ev_io *w, int revents)
{
	struct fake *f = w->data;
	struct rw_hello hello;
	char why[128];
	ssize_t n;

	(void)loop;
	(void)revents;
	n = recv(f->sock, &hello, sizeof(hello), MSG_DONTWAIT);
	if (n <= 0) {
		fake_hang_up(f);
		return;
	}
	assert_int_equal(n, sizeof(hello));
	assert_int_equal(rw_hello_check(hello.magic, hello.version, hello.size_count, hello.sizes,
					why, sizeof(why)),
			 0);
	assert_int_equal(hello.role, RW_ROLE_CONTROL);
	f->hellos++;
	if (f->lie == FAKE_HANG_UP)
		fake_hang_up(f);
	else if (f->lie != FAKE_MUTE)
		give_welcome(f);
}

static void on_listen(struct ev_loop *loop, ev_io *w, int revents)
{
	struct fake *f = w->data;

	(void)loop;
	(void)revents;
	fake_hang_up(f);
	f->sock = accept(f->listen_fd, NULL, NULL);
	assert_true(f->sock >= 0);
	ev_io_init(&f->sock_io, on_socket, f->sock, EV_READ);
	f->sock_io.data = f;
	ev_io_start(f->loop, &f->sock_io);
}

void fake_hang_up(struct fake *f)
{
	if (f->sock < 0)
		return;
	ev_io_stop(f->loop, &f->sock_io);
	close(f->sock);
	f->sock = -1;
	f->unanswered_count = 0;
	if (!f->wire)
		return;
	ev_io_stop(f->loop, &f->command_io);
	close(f->command_fd);
	close(f->event_fd);
	munmap(f->wire, rw_wire_bytes() - (f->lie == FAKE_SMALL_WIRE ? 4096 : 0));
	munmap(f->stats, f->stats_bytes);
	f->wire = f->stats = NULL;
}

static void listen_at_path(struct fake *f)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", f->path);
	f->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(f->listen_fd, 4), 0);
	ev_io_init(&f->listen_io, on_listen, f->listen_fd, EV_READ);
	f->listen_io.data = f;
	ev_io_start(f->loop, &f->listen_io);
	f->epoch++;
}

void fake_start(struct fake *f, struct ev_loop *loop)
{
	char directory[] = "/tmp/rtpwire-test-XXXXXX";

	memset(f, 0, sizeof(*f));
	f->loop = loop;
	f->sock = -1;
	f->limits = (struct rw_limits){ .port_min = 8000,
					.port_max = 8099,
					.workers = 1,
					.media_count = 1,
					.media = { rw_ip4((uint8_t[]){ 192, 0, 2, 1 }) } };
	assert_non_null(mkdtemp(directory));
	snprintf(f->path, sizeof(f->path), "%s/sock", directory);
	listen_at_path(f);
}

void fake_die(struct fake *f)
{
	fake_hang_up(f);
	if (f->listen_fd < 0)
		return;
	ev_io_stop(f->loop, &f->listen_io);
	close(f->listen_fd);
	f->listen_fd = -1;
	unlink(f->path);
	f->flow_count = 0;
}

void fake_rise(struct fake *f)
{
	listen_at_path(f);
}

void fake_end(struct fake *f)
{
	fake_die(f);
	*strrchr(f->path, '/') = '\0';
	rmdir(f->path);
}

/* --- the loop --- */

static void on_over(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)revents;
	*(bool *)w->data = true;
	ev_break(loop, EVBREAK_ONE);
}

bool run_until(struct ev_loop *loop, const bool *done, unsigned int ms)
{
	bool over = false;
	ev_timer timer;

	ev_now_update(loop);
	ev_timer_init(&timer, on_over, ms / 1000.0, 0);
	timer.data = &over;
	ev_timer_start(loop, &timer);
	while (!over && !(done && *done))
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &timer);
	return done && *done;
}

void run_for(struct ev_loop *loop, unsigned int ms)
{
	run_until(loop, NULL, ms);
}
