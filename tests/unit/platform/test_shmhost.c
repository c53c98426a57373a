/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handshake: who is let in, who is told why not, and that nobody can hold the others up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rtpwire/hello.h"
#include "rtpwire/shm.h"

#include "log.h"
#include "shmhost.h"

#define S 1000000000ull

struct world {
	char path[64];
	int stats_fd;
	void *stats;
	struct shmhost *host;
	void *wire; /* of the control that is attached */
	unsigned int attached, detached;
	uint64_t now_ns;
};

/* What a client got. */
struct reply {
	struct rw_welcome w;
	int fds[RW_FD_MAX];
	unsigned int fd_count;
};

static void on_attached(void *arg, void *wire)
{
	struct world *w = arg;

	w->wire = wire;
	w->attached++;
}

static void on_detached(void *arg)
{
	struct world *w = arg;

	w->wire = NULL;
	w->detached++;
}

static int open_host(struct world *w, struct shmhost **out)
{
	struct shmhost_config c = { .path = w->path,
				    .mode = 0640,
				    .epoch = 77,
				    .backend = "null",
				    .stats_fd = w->stats_fd };
	struct shmhost_listener l = { w, on_attached, on_detached };

	c.limits = (struct rw_limits){
		.port_min = 8000, .port_max = 9000, .workers = 2, .media_count = 1
	};
	rw_ip_parse("192.0.2.1", &c.limits.media[0]);
	return shmhost_new(&c, &l, out);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	log_level_set(LOG_LEVEL_ERROR);
	snprintf(w->path, sizeof(w->path), "/tmp/rtpwire-test-shmhost-%d.sock", (int)getpid());
	w->stats_fd = rw_shm_create("test", 4096, 1, &w->stats);
	w->now_ns = 100 * S;
	*state = w;
	return w->stats_fd < 0 ? -1 : open_host(w, &w->host);
}

static int teardown(void **state)
{
	struct world *w = *state;

	shmhost_free(w->host);
	munmap(w->stats, 4096);
	close(w->stats_fd);
	assert_int_equal(access(w->path, F_OK), -1);
	free(w);
	return 0;
}

static int dial(const struct world *w)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", w->path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static struct rw_hello hello(uint32_t role)
{
	struct rw_hello h = { RW_ABI_MAGIC, RW_ABI_VERSION, role, RW_SHARED_STRUCT_COUNT, { 0 } };

	rw_hello_sizes(h.sizes);
	return h;
}

/* Lets the host do its work, more often than it needs. */
static void work(struct world *w)
{
	for (int i = 0; i < 4; i++)
		shmhost_work(w->host, w->now_ns);
}

static struct reply receive(int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct reply r = { .fd_count = 0 };
	struct iovec iov = { &r.w, sizeof(r.w) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cm;

	assert_int_equal(recvmsg(fd, &msg, MSG_DONTWAIT), sizeof(r.w));
	cm = CMSG_FIRSTHDR(&msg);
	if (cm) {
		r.fd_count = (unsigned int)((cm->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		assert_in_range(r.fd_count, 1, RW_FD_MAX);
		memcpy(r.fds, CMSG_DATA(cm), r.fd_count * sizeof(int));
	}
	return r;
}

static void forget(struct reply *r)
{
	for (unsigned int i = 0; i < r->fd_count; i++)
		close(r->fds[i]);
}

static bool hung_up(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

/* Says hello (len_bytes of it) and returns the answer. */
static struct reply greet(struct world *w, int fd, const void *h, size_t len_bytes)
{
	assert_int_equal(send(fd, h, len_bytes, 0), len_bytes);
	work(w);
	return receive(fd);
}

static void test_control(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_CONTROL);
	int fd = dial(w);
	struct reply r = greet(w, fd, &h, sizeof(h));
	void *map = NULL;
	size_t bytes = 0;

	assert_int_equal(r.w.status, RW_WELCOME_OK);
	assert_int_equal(r.w.epoch, 77);
	assert_string_equal(r.w.backend, "null");
	assert_true(rw_limits_valid(&r.w.limits));
	assert_int_equal(r.fd_count, RW_FD_MAX);
	assert_int_equal(w->attached, 1);
	/* statistics cannot be written, the wire can, and neither can be resized */
	assert_int_equal(rw_shm_attach(r.fds[RW_FD_STATS], 4096, 1, &map, &bytes), -EPERM);
	assert_int_equal(rw_shm_attach(r.fds[RW_FD_STATS], 4096, 0, &map, &bytes), 0);
	munmap(map, bytes);
	assert_int_equal(rw_shm_attach(r.fds[RW_FD_WIRE], rw_wire_bytes(), 1, &map, &bytes), 0);
	assert_int_equal(rw_wire_check(map, bytes), 0);
	munmap(map, bytes);
	assert_int_equal(ftruncate(r.fds[RW_FD_WIRE], 10), -1);
	forget(&r);
	close(fd);
	work(w);
	assert_int_equal(w->detached, 1);
}

static void test_doorbells(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_CONTROL);
	int fd = dial(w);
	struct reply r = greet(w, fd, &h, sizeof(h));
	struct pollfd p = { .fd = r.fds[RW_FD_EVENTS], .events = POLLIN };
	struct pollfd host = { .fd = shmhost_fd(w->host), .events = POLLIN };
	uint64_t one = 1;

	assert_int_equal(poll(&p, 1, 0), 0);
	shmhost_wake_control(w->host);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(poll(&host, 1, 0), 0);
	assert_int_equal(write(r.fds[RW_FD_COMMANDS], &one, sizeof(one)), sizeof(one));
	assert_int_equal(poll(&host, 1, 0), 1);
	work(w);
	assert_int_equal(poll(&host, 1, 0), 0); /* taken, not left ringing */
	forget(&r);
	close(fd);
}

static void test_observer(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_OBSERVER);
	int fd = dial(w);
	struct reply r = greet(w, fd, &h, sizeof(h));

	assert_int_equal(r.w.status, RW_WELCOME_OK);
	assert_int_equal(r.fd_count, 1);
	assert_int_equal(w->attached, 0);
	forget(&r);
	close(fd);
}

static void test_one_control(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_CONTROL);
	int first = dial(w), second = dial(w);
	struct reply r = greet(w, first, &h, sizeof(h)), busy = greet(w, second, &h, sizeof(h));

	assert_int_equal(r.w.status, RW_WELCOME_OK);
	assert_int_equal(busy.w.status, RW_WELCOME_BUSY);
	assert_int_equal(busy.fd_count, 0);
	assert_true(busy.w.message[0]);
	assert_true(hung_up(second));
	close(second);
	forget(&r);
	close(first);
	work(w);
	second = dial(w);
	busy = greet(w, second, &h, sizeof(h));
	assert_int_equal(busy.w.status, RW_WELCOME_OK);
	assert_int_equal(w->attached, 2);
	forget(&busy);
	close(second);
}

/* The next control must not see what the last one wrote. */
static void test_fresh_wire(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_CONTROL);
	int fd = dial(w);
	struct reply r = greet(w, fd, &h, sizeof(h));

	memset((uint8_t *)w->wire + rw_wire_commands_offset(), 0xff, 64);
	forget(&r);
	close(fd);
	work(w);
	fd = dial(w);
	r = greet(w, fd, &h, sizeof(h));
	for (int i = 0; i < 64; i++)
		assert_int_equal(((uint8_t *)w->wire + rw_wire_commands_offset())[i], 0);
	forget(&r);
	close(fd);
}

static void expect_mismatch(struct world *w, const void *h, size_t len_bytes, const char *words)
{
	int fd = dial(w);
	struct reply r = greet(w, fd, h, len_bytes);

	assert_int_equal(r.w.status, RW_WELCOME_MISMATCH);
	assert_int_equal(r.fd_count, 0);
	if (!strstr(r.w.message, words))
		fail_msg("message '%s' has no '%s'", r.w.message, words);
	assert_true(hung_up(fd));
	close(fd);
}

static void test_mismatch(void **state)
{
	struct world *w = *state;
	struct rw_hello good = hello(RW_ROLE_CONTROL), h = good;
	char text[64];

	h.magic = 1;
	expect_mismatch(w, &h, sizeof(h), "magic is 00000001, need 52505752");
	h = good;
	h.version = 999;
	snprintf(text, sizeof(text), "version is 999, need %u", RW_ABI_VERSION);
	expect_mismatch(w, &h, sizeof(h), text);
	expect_mismatch(w, &h, offsetof(struct rw_hello, sizes) + 4, text); /* shorter table */
	h = good;
	h.sizes[1]++;
	snprintf(text, sizeof(text), "is %u, need %u", h.sizes[1], good.sizes[1]);
	expect_mismatch(w, &h, sizeof(h), text);
	expect_mismatch(w, &h, sizeof(h), "rw_command");
	h = good;
	h.size_count = 1000;
	expect_mismatch(w, &h, sizeof(h), "1000 shared structs");
	h = good;
	h.role = 9;
	expect_mismatch(w, &h, sizeof(h), "role is 9");
	expect_mismatch(w, "x", 1, "hello has 1 bytes");
	assert_int_equal(w->attached, 0);
}

static void test_too_long(void **state)
{
	struct world *w = *state;
	struct {
		struct rw_hello h;
		uint8_t more[100];
	} big = { .h = hello(RW_ROLE_CONTROL) };

	expect_mismatch(w, &big, sizeof(big), "bytes, need");
}

static void test_silent_client(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_CONTROL);
	int silent = dial(w), fd;
	struct reply r;

	work(w);
	assert_int_equal(shmhost_deadline_ns(w->host), w->now_ns + S);
	fd = dial(w);
	r = greet(w, fd, &h, sizeof(h)); /* not held up */
	assert_int_equal(r.w.status, RW_WELCOME_OK);
	assert_false(hung_up(silent));
	w->now_ns += S;
	work(w);
	assert_true(hung_up(silent));
	assert_int_equal(shmhost_deadline_ns(w->host), UINT64_MAX);
	close(silent);
	forget(&r);
	close(fd);
}

/* More clients than there are places, all silent or looking on: control still gets in. */
static void test_crowd(void **state)
{
	struct world *w = *state;
	struct rw_hello control = hello(RW_ROLE_CONTROL), observer = hello(RW_ROLE_OBSERVER);
	int fds[160], fd;
	struct reply r;
	unsigned int ok = 0;

	log_level_set(LOG_LEVEL_ERROR);
	for (unsigned int i = 0; i < 80; i++) {
		fds[i] = dial(w);
		r = greet(w, fds[i], &observer, sizeof(observer));
		ok += r.w.status == RW_WELCOME_OK;
		forget(&r);
	}
	assert_int_equal(ok, 48);
	for (unsigned int i = 80; i < 160; i++) {
		fds[i] = dial(w);
		shmhost_work(w->host, w->now_ns++);
	}
	fd = dial(w);
	r = greet(w, fd, &control, sizeof(control));
	assert_int_equal(r.w.status, RW_WELCOME_OK);
	forget(&r);
	close(fd);
	for (unsigned int i = 0; i < 160; i++)
		close(fds[i]);
}

static void test_unexpected_data(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_CONTROL);
	int fd = dial(w);
	struct reply r = greet(w, fd, &h, sizeof(h));

	assert_int_equal(send(fd, "x", 1, 0), 1);
	work(w);
	assert_int_equal(w->detached, 1);
	assert_true(hung_up(fd));
	forget(&r);
	close(fd);
}

static void test_drop_control(void **state)
{
	struct world *w = *state;
	struct rw_hello h = hello(RW_ROLE_CONTROL);
	int fd = dial(w);
	struct reply r = greet(w, fd, &h, sizeof(h));

	shmhost_drop_control(w->host, "of this test");
	shmhost_drop_control(w->host, "of this test"); /* nobody there: nothing happens */
	shmhost_wake_control(w->host);
	assert_int_equal(w->detached, 1);
	assert_true(hung_up(fd));
	forget(&r);
	close(fd);
}

static void test_socket_file(void **state)
{
	struct world *w = *state;
	struct shmhost *second;
	struct stat st;
	char saved[sizeof(w->path)];

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(open_host(w, &second), -EADDRINUSE); /* somebody listens */
	assert_int_equal(access(w->path, F_OK), 0);
	memcpy(saved, w->path, sizeof(saved));
	snprintf(w->path, sizeof(w->path), "/tmp");
	assert_int_equal(open_host(w, &second), -EEXIST);
	snprintf(w->path, sizeof(w->path), "/no-such-directory/socket");
	assert_int_equal(open_host(w, &second), -ENOENT);
	memcpy(w->path, saved, sizeof(saved));
}

/* What a killed dataplane leaves is replaced; what another one put there is not removed. */
static void test_stale_socket(void **state)
{
	struct world *w = *state;
	struct shmhost *second;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", w->path);
	assert_int_equal(unlink(w->path), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd); /* stale now */
	assert_int_equal(open_host(w, &second), 0);
	shmhost_free(w->host); /* its file is gone long since */
	assert_int_equal(access(w->path, F_OK), 0);
	w->host = second;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_control),	    CASE(test_doorbells),     CASE(test_observer),
		CASE(test_one_control),	    CASE(test_fresh_wire),    CASE(test_mismatch),
		CASE(test_too_long),	    CASE(test_silent_client), CASE(test_crowd),
		CASE(test_unexpected_data), CASE(test_drop_control),  CASE(test_socket_file),
		CASE(test_stale_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
