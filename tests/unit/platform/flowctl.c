/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flowctl: a control of a few lines for tests of the dataplane. Reads commands from standard input, one a
 * line, and writes one line for each to standard output. Ends with its input; 0 when all went well.
 *
 *   set ID GENERATION KIND POLICY SOURCE PEER OUT_RTP OUT_RTCP [tos=N] [learn=MS] [pass]
 *        IDs are MEDIA/PORT or -, KIND rtp rtcp mux opaque, POLICY strict learn handover asymmetric,
 *        SOURCE and PEER are ADDRESS/PORT or -
 *   del ID GENERATION
 *   snapshot          one line per flow, then the ACK
 *   punts MS          prints the STUN and DTLS packets of the next MS milliseconds
 *   sleep MS
 *   flow ID           counters of a flow
 *   worker N          counters of a worker
 *
 * usage: flowctl SOCKET
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "rtpwire/hello.h"
#include "rtpwire/shm.h"

#define ANSWER_MS 5000

struct link {
	int fds[RW_FD_MAX];
	struct rw_welcome welcome;
	const uint8_t *stats;
	struct rw_ring *commands, *events, *punts;
	uint64_t seq;
};

static int say_hello(int fd)
{
	struct rw_hello hello = { .magic = RW_ABI_MAGIC,
				  .version = RW_ABI_VERSION,
				  .role = RW_ROLE_CONTROL,
				  .size_count = RW_SHARED_STRUCT_COUNT };

	rw_hello_sizes(hello.sizes);
	return send(fd, &hello, sizeof(hello), 0) == sizeof(hello) ? 0 : -EIO;
}

static int receive_welcome(int fd, struct link *l)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(RW_FD_MAX * sizeof(int))];
	} control;
	struct iovec iov = { &l->welcome, sizeof(l->welcome) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cm;

	if (recvmsg(fd, &msg, 0) != sizeof(l->welcome) || l->welcome.status != RW_WELCOME_OK) {
		fprintf(stderr, "flowctl: refused: %.128s\n", l->welcome.message);
		return -EPROTO;
	}
	cm = CMSG_FIRSTHDR(&msg);
	if (!cm || cm->cmsg_len != CMSG_LEN(sizeof(l->fds)))
		return -EPROTO;
	memcpy(l->fds, CMSG_DATA(cm), sizeof(l->fds));
	return 0;
}

static int attach(struct link *l)
{
	size_t bytes;
	void *map;

	if (rw_shm_attach(l->fds[RW_FD_STATS], sizeof(struct rw_stats_header), 0, &map, &bytes) < 0)
		return -EPROTO;
	l->stats = map;
	if (rw_stats_check(map, bytes, &l->welcome.limits) < 0 ||
	    rw_shm_attach(l->fds[RW_FD_WIRE], rw_wire_bytes(), 1, &map, &bytes) < 0 ||
	    rw_wire_check(map, bytes) < 0)
		return -EPROTO;
	l->commands = (struct rw_ring *)((uint8_t *)map + rw_wire_commands_offset());
	l->events = (struct rw_ring *)((uint8_t *)map + rw_wire_events_offset());
	l->punts = (struct rw_ring *)((uint8_t *)map + rw_wire_punts_offset());
	return 0;
}

static int connect_to(const char *path, struct link *l)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		fprintf(stderr, "flowctl: %s: %s\n", path, strerror(errno));
		return -ECONNREFUSED;
	}
	if (say_hello(fd) < 0 || receive_welcome(fd, l) < 0)
		return -EPROTO;
	return attach(l);
}

/* Waits until the dataplane rings, or ms have passed. False in the second case. */
static bool wait_events(struct link *l, int ms)
{
	struct pollfd p = { .fd = l->fds[RW_FD_EVENTS], .events = POLLIN };
	uint64_t n;

	return poll(&p, 1, ms) == 1 && read(p.fd, &n, sizeof(n)) == sizeof(n);
}

static void print_flow(const struct rw_flow_spec *s)
{
	char source[RW_ENDPOINT_TEXT], peer[RW_ENDPOINT_TEXT];

	printf("flow %u/%u generation %" PRIu64 " source %s peer %s\n", rw_flow_media(s->id),
	       rw_flow_port(s->id), s->generation, rw_endpoint_text(&s->source, source),
	       rw_endpoint_text(&s->peer, peer));
}

/* Sends one command and prints what comes until its ACK. 0 when it was accepted. */
static int command(struct link *l, uint32_t type, const struct rw_flow_spec *spec)
{
	struct rw_command c = { .type = type, .seq = ++l->seq };
	struct rw_event ev;
	uint64_t one = 1;

	if (spec)
		c.spec = *spec;
	if (rw_ring_push(l->commands, RW_COMMAND_SLOT_BYTES, RW_COMMAND_SLOTS, &c, sizeof(c)) < 0 ||
	    write(l->fds[RW_FD_COMMANDS], &one, sizeof(one)) < 0)
		return -EIO;
	for (;;) {
		if (rw_ring_pop(l->events, RW_EVENT_SLOT_BYTES, RW_EVENT_SLOTS, &ev) < 0) {
			if (wait_events(l, ANSWER_MS))
				continue;
			puts("no answer");
			return -ETIME;
		}
		if (ev.type == RW_EVENT_FLOW) {
			print_flow(&ev.spec);
			continue;
		}
		if (ev.seq != c.seq)
			continue;
		printf("%s%s%s\n",
		       ev.status == RW_ACK_OK	   ? "ok"
		       : ev.status == RW_ACK_STALE ? "stale"
						   : "refused",
		       ev.status == RW_ACK_REFUSED ? ": " : "",
		       ev.status == RW_ACK_REFUSED ? rw_flow_error_text(ev.reason) : "");
		return ev.status == RW_ACK_OK ? 0 : -EPERM;
	}
}

/* "MEDIA/PORT" or "-" */
static bool parse_id(const char *text, rw_flow_id *out)
{
	unsigned int media, port;

	*out = RW_FLOW_NONE;
	if (!text)
		return false;
	if (strcmp(text, "-") == 0)
		return true;
	if (sscanf(text, "%u/%u", &media, &port) != 2 || port > 65535 || media >= RW_MEDIA_MAX)
		return false;
	*out = rw_flow_id_make(media, (uint16_t)port);
	return true;
}

/* "ADDRESS/PORT" or "-" */
static bool parse_endpoint(char *text, struct rw_endpoint *out)
{
	char *slash = text ? strchr(text, '/') : NULL;

	memset(out, 0, sizeof(*out));
	if (!slash)
		return text && strcmp(text, "-") == 0;
	*slash = '\0';
	out->port_be = htons((uint16_t)atoi(slash + 1));
	return rw_ip_parse(text, &out->ip) == 0;
}

/* Position of a word in a NULL-terminated list, -1 when it is not there. */
static int find_word(const char *word, const char *const *list)
{
	for (int i = 0; word && list[i]; i++)
		if (strcmp(word, list[i]) == 0)
			return i;
	return -1;
}

static bool parse_set(char **args, int count, struct rw_flow_spec *s)
{
	static const char *const kinds[] = { "rtp", "rtcp", "mux", "opaque", NULL };
	static const char *const policies[] = { "strict", "learn", "handover", "asymmetric", NULL };
	int kind, policy;

	memset(s, 0, sizeof(*s));
	if (count < 9)
		return false;
	kind = find_word(args[3], kinds);
	policy = find_word(args[4], policies);
	if (!parse_id(args[1], &s->id) || kind < 0 || policy < 0 ||
	    !parse_endpoint(args[5], &s->source) || !parse_endpoint(args[6], &s->peer) ||
	    !parse_id(args[7], &s->out_rtp) || !parse_id(args[8], &s->out_rtcp))
		return false;
	s->generation = strtoull(args[2], NULL, 10);
	s->kind = (uint8_t)kind;
	s->source_policy = (uint8_t)policy;
	s->learn_ms = 3000;
	s->clock_hz = s->kind == RW_FLOW_OPAQUE ? 0 : 8000;
	snprintf(s->call_id, sizeof(s->call_id), "flowctl");
	for (int i = 9; i < count; i++) {
		if (strncmp(args[i], "tos=", 4) == 0)
			s->tos = (uint8_t)atoi(args[i] + 4);
		else if (strncmp(args[i], "learn=", 6) == 0)
			s->learn_ms = (uint16_t)atoi(args[i] + 6);
		else if (strcmp(args[i], "pass") == 0)
			s->flags |= RW_FLOW_PASS_OTHER;
		else
			return false;
	}
	return true;
}

static int show_flow(const struct link *l, rw_flow_id id)
{
	const struct rw_stats_header *head = (const void *)l->stats;
	const struct rw_flow_stats *f;
	char source[RW_ENDPOINT_TEXT], peer[RW_ENDPOINT_TEXT];

	if (!rw_flow_id_valid(id, &l->welcome.limits))
		return -EINVAL;
	f = (const struct rw_flow_stats *)(l->stats + head->flows_offset) +
	    rw_flow_slot(id, &l->welcome.limits);
	printf("state %u rx %" PRIu64 " tx %" PRIu64 " dropped %" PRIu64 " source %s peer %s",
	       f->state, f->rx_packets, f->tx_packets, f->dropped,
	       rw_endpoint_text(&f->source, source), rw_endpoint_text(&f->peer, peer));
	for (unsigned int i = 0; i < RW_DROP_FLOW_COUNT; i++)
		if (f->drops[i])
			printf(" %s %" PRIu64, rw_drop_name(i), f->drops[i]);
	putchar('\n');
	return 0;
}

static int show_worker(const struct link *l, unsigned int n)
{
	const struct rw_stats_header *head = (const void *)l->stats;
	const struct rw_worker_stats *w;

	if (n >= l->welcome.limits.workers)
		return -EINVAL;
	w = (const struct rw_worker_stats *)(l->stats + head->workers_offset) + n;
	printf("flows %" PRIu64, w->flows);
	for (unsigned int i = 0; i < RW_COUNT_MAX; i++)
		if (w->counters[i])
			printf(" %s %" PRIu64, rw_worker_counter_name(i), w->counters[i]);
	for (unsigned int i = 0; i < RW_DROP_MAX; i++)
		if (w->drops[i])
			printf(" drop_%s %" PRIu64, rw_drop_name(i), w->drops[i]);
	putchar('\n');
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int show_punts(struct link *l, int ms)
{
	int64_t end = now_ms() + ms;
	struct rw_punt p;

	for (;;) {
		char source[RW_ENDPOINT_TEXT];

		if (rw_ring_pop(l->punts, RW_PUNT_SLOT_BYTES, RW_PUNT_SLOTS, &p) == 0) {
			printf("punt %u/%u class %u from %s, %u bytes\n", rw_flow_media(p.flow),
			       rw_flow_port(p.flow), p.class_, rw_endpoint_text(&p.source, source),
			       p.len_bytes);
			continue;
		}
		if (now_ms() >= end)
			break;
		wait_events(l, (int)(end - now_ms()));
	}
	puts("ok");
	return 0;
}

static int run_line(struct link *l, char **args, int count)
{
	struct rw_flow_spec spec;

	if (strcmp(args[0], "set") == 0 && parse_set(args, count, &spec))
		return command(l, RW_COMMAND_FLOW_SET, &spec);
	if (strcmp(args[0], "snapshot") == 0)
		return command(l, RW_COMMAND_SNAPSHOT, NULL);
	if (strcmp(args[0], "worker") == 0 && count == 2)
		return show_worker(l, (unsigned int)atoi(args[1]));
	if (strcmp(args[0], "punts") == 0 && count == 2)
		return show_punts(l, atoi(args[1]));
	if (strcmp(args[0], "sleep") == 0 && count == 2) {
		usleep((useconds_t)atoi(args[1]) * 1000);
		puts("ok");
		return 0;
	}
	memset(&spec, 0, sizeof(spec));
	if (strcmp(args[0], "flow") == 0 && count == 2 && parse_id(args[1], &spec.id))
		return show_flow(l, spec.id);
	if (strcmp(args[0], "del") == 0 && count == 3 && parse_id(args[1], &spec.id)) {
		spec.generation = strtoull(args[2], NULL, 10);
		return command(l, RW_COMMAND_FLOW_DEL, &spec);
	}
	puts("what?");
	return -EINVAL;
}

int main(int argc, char **argv)
{
	static struct link l;
	char line[512];
	int failed = 0;

	if (argc != 2 || connect_to(argv[1], &l) < 0)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		char *args[16], *save = NULL;
		int count = 0;

		for (char *a = strtok_r(line, " \t\n", &save); a && count < 16;
		     a = strtok_r(NULL, " \t\n", &save))
			args[count++] = a;
		if (count && run_line(&l, args, count) < 0)
			failed = 1;
	}
	return failed;
}
