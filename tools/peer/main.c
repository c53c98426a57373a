/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtpwire-peer: sends and receives many G.711 streams and counts every packet. It stands for the phones
 * in tools/quickstart and in the tests in network namespaces. One thread.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rtpwire/clock.h"

#include "peer.h"
#include "srtp.h"

#define TICK_NS 1000000u
#define CATCH_UP_NS (10 * TICK_NS)
#define SECONDS_MAX 86400.0

struct options {
	const char *list; /* "-" = stdin */
	const char *result; /* NULL = none */
	double seconds; /* of sending */
	double drain_seconds; /* of listening afterwards */
	double rate; /* packets a second and stream */
	double rtcp_seconds; /* between RTCP packets of a stream; 0 = none */
	int tos;
	bool wait; /* for "go" on stdin */
	bool quiet;
};

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

static const char usage[] =
	"Usage: rtpwire-peer [OPTION]... [LIST]\n"
	"Sends and receives the RTP streams of LIST (default: stdin) and counts every packet.\n\n"
	"  --seconds S        send for S seconds (default 10)\n"
	"  --drain S          then listen for S seconds (default 1)\n"
	"  --rate R           packets a second and stream (default 50)\n"
	"  --rtcp S           seconds between two RTCP packets of a stream, 0 = none (default 2)\n"
	"  --tos N            IPv4 TOS / IPv6 traffic class of what is sent (default 0)\n"
	"  --result FILE      write the counts as JSON, - = stdout\n"
	"  --wait             print \"ready\", start when a line \"go\" comes on stdin\n"
	"  --quiet            no progress lines\n"
	"  --help\n\n"
	"LIST has a stream a line: id=N expect=N local=IP:PORT remote=IP:PORT, and optionally\n"
	"rtcp=IP:PORT remote-rtcp=IP:PORT mux=1 send=0 kind=rtp|udptl\n"
	"ssrc=N seq=N (of the first RTP packet) first=N (number of the first packet)\n"
	"renumber=1 (takes RTP packets whose sequence numbers were shifted on the way)\n"
	"srtp=SUITE tx-key=BASE64 rx-key=BASE64; \".\" alone ends the list.\n"
	"While it runs, stdin takes: remote ID IP:PORT [RTCP-IP:PORT], local ID IP:PORT "
	"[RTCP-IP:PORT],\n"
	"send ID 0|1, restart ID SEQ, key ID tx BASE64 rx BASE64, forget ID (the key before), "
	"stop.\n";

static int read_double(const char *name, const char *text, double max, double *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end != text && *end == 0 && v >= 0 && v <= max) {
		*out = v;
		return 0;
	}
	fprintf(stderr, "rtpwire-peer: %s takes a number from 0 to %g, not \"%s\"\n", name, max,
		text);
	return -EINVAL;
}

enum { OPT_SECONDS = 1, OPT_DRAIN, OPT_RATE, OPT_RTCP, OPT_TOS, OPT_RESULT, OPT_WAIT, OPT_QUIET };

static int apply_option(struct options *o, int opt)
{
	double tos = 0;
	int ret = 0;

	switch (opt) {
	case OPT_SECONDS:
		return read_double("--seconds", optarg, SECONDS_MAX, &o->seconds);
	case OPT_DRAIN:
		return read_double("--drain", optarg, SECONDS_MAX, &o->drain_seconds);
	case OPT_RATE:
		return read_double("--rate", optarg, 10000, &o->rate);
	case OPT_RTCP:
		return read_double("--rtcp", optarg, SECONDS_MAX, &o->rtcp_seconds);
	case OPT_TOS:
		ret = read_double("--tos", optarg, 255, &tos);
		o->tos = (int)tos;
		return ret;
	case OPT_RESULT:
		o->result = optarg;
		return 0;
	case OPT_WAIT:
		o->wait = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/* 0; 1 after --help; -EINVAL after a message. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{ "seconds", required_argument, NULL, OPT_SECONDS },
		{ "drain", required_argument, NULL, OPT_DRAIN },
		{ "rate", required_argument, NULL, OPT_RATE },
		{ "rtcp", required_argument, NULL, OPT_RTCP },
		{ "tos", required_argument, NULL, OPT_TOS },
		{ "result", required_argument, NULL, OPT_RESULT },
		{ "wait", no_argument, NULL, OPT_WAIT },
		{ "quiet", no_argument, NULL, OPT_QUIET },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	*o = (struct options){
		.list = "-", .seconds = 10, .drain_seconds = 1, .rate = 50, .rtcp_seconds = 2
	};
	while ((opt = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		if (opt == 'h') {
			fputs(usage, stdout);
			return 1;
		}
		if (apply_option(o, opt) < 0)
			return -EINVAL;
	}
	if (optind < argc)
		o->list = argv[optind++];
	if (optind == argc && o->rate > 0)
		return 0;
	fputs("rtpwire-peer: one LIST and a --rate above 0, please; see --help\n", stderr);
	return -EINVAL;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/*
 * Until when to send. That is now, but a sender that was kept from running makes up for it at twice its rate: a burst
 * of all that became due meanwhile would test how much the machine can queue, not the relay.
 */
static uint64_t send_until(uint64_t sent_until_ns, uint64_t elapsed_ns, uint64_t now_ns)
{
	uint64_t step_ns = 2 * (elapsed_ns < CATCH_UP_NS ? elapsed_ns : CATCH_UP_NS);

	return now_ns - sent_until_ns < step_ns ? now_ns : sent_until_ns + step_ns;
}

static void run(struct peer *p, const struct options *o, bool orders)
{
	uint64_t end = p->start_ns + (uint64_t)(o->seconds * 1e9);
	uint64_t drain = (uint64_t)(o->drain_seconds * 1e9);
	uint64_t tell = p->start_ns + 1000000000u, now = p->start_ns, before = now;
	uint64_t sent_until = now, last_sent = now;

	/* What was due before the end is sent even if we are late. */
	while (sent_until + 1 < end || now < last_sent + drain) {
		bool more;

		if (stop_asked && now < end)
			end = now;
		if (sent_until + 1 < end) {
			sent_until =
				send_until(sent_until, now - before, now < end ? now : end - 1);
			last_sent = now;
		}
		more = net_send_due(p, sent_until);
		net_receive(p);
		if (orders && orders_read(p, &orders))
			stop_asked = 1;
		if (now >= tell && !o->quiet) {
			report_progress(p, (double)(now - p->start_ns) / 1e9);
			tell += 1000000000u;
		}
		if (!more)
			sleep_until(now - now % TICK_NS + TICK_NS);
		before = now;
		now = rw_monotonic_ns();
	}
	net_receive(p);
}

/* Reads byte by byte, so that nothing of later orders is swallowed. False at the end of stdin. */
static bool wait_for_go(void)
{
	char line[8] = "", c;
	size_t n = 0;

	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c != '\n') {
			line[n < sizeof(line) - 1 ? n++ : n] = c;
			continue;
		}
		line[n] = 0;
		n = 0;
		if (strcmp(line, "go") == 0)
			return true;
	}
	return false;
}

static int load_list(struct peer *p, const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	int ret;

	if (!in) {
		fprintf(stderr, "rtpwire-peer: cannot read %s: %s\n", path, strerror(errno));
		return -ENOENT;
	}
	setvbuf(in, NULL, _IONBF, 0); /* stdin goes on with orders */
	ret = list_read(in, p);
	if (in != stdin)
		fclose(in);
	return ret;
}

static void free_streams(struct peer *p)
{
	for (unsigned int i = 0; i < p->stream_count; i++) {
		free(p->streams[i].media.seen);
		free(p->streams[i].rtcp.seen);
		secure_free(p->streams[i].tx);
		secure_free(p->streams[i].rx);
	}
	free(p->streams);
}

static int work(struct peer *p, const struct options *o)
{
	double seconds;

	if (load_list(p, o->list) < 0 || net_open(p) < 0)
		return 1;
	if (o->wait && !wait_for_go())
		return 1;
	p->start_ns = rw_monotonic_ns();
	run(p, o, o->wait || strcmp(o->list, "-") == 0);
	seconds = (double)(rw_monotonic_ns() - p->start_ns) / 1e9;
	if (!o->quiet)
		report_progress(p, seconds);
	return o->result && report_write(p, o->result, seconds) < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct peer p = { .epoll_fd = -1 };
	struct options o;
	int ret = read_options(argc, argv, &o);

	if (ret != 0)
		return ret > 0 ? 0 : 2;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	p.tos = o.tos;
	p.interval_ns = (uint64_t)(1e9 / o.rate);
	p.rtcp_interval_ns = (uint64_t)(o.rtcp_seconds * 1e9);
	ret = work(&p, &o);
	net_close(&p);
	free_streams(&p);
	return ret;
}
