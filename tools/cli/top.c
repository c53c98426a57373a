/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire top`: rates of the last second, workers, drops, and the calls that suffer most. Program's only
 * thread.
 *
 * All calls are looked at in turn, a bounded number each second, so that ten thousand calls do not keep
 * control from its proxies; what was seen last of each call is remembered.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "rtpwire/counters.h"

#include "cli.h"

#define QUERIES_A_SCREEN 64u
#define ROWS_DEFAULT 20u

struct seen_call {
	char *id;
	long long lost, packets, drops;
	double jitter_ms; /* worst stream */
};

struct top {
	struct seen_call *calls;
	size_t call_count;
	size_t next; /* to be queried */
	json_t *before; /* statistics of the screen before */
	double before_s, now_s;
	bool terminal;
	unsigned int rows; /* calls shown */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static double clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct seen_call *)a)->id, ((const struct seen_call *)b)->id);
}

static int by_trouble(const void *a, const void *b)
{
	const struct seen_call *x = *(struct seen_call *const *)a;
	const struct seen_call *y = *(struct seen_call *const *)b;

	if (x->lost + x->drops != y->lost + y->drops)
		return x->lost + x->drops < y->lost + y->drops ? 1 : -1;
	if (x->jitter_ms != y->jitter_ms)
		return x->jitter_ms < y->jitter_ms ? 1 : -1;
	return strcmp(x->id, y->id);
}

static void forget_calls(struct seen_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(calls[i].id);
	free(calls);
}

/* Takes over the list of call ids, keeping what is known of those that were there before. */
static void update_calls(struct top *t, const json_t *ids)
{
	struct seen_call *fresh = calloc(json_array_size(ids) + 1, sizeof(*fresh));
	const json_t *id;
	size_t i, n = 0;

	json_array_foreach (ids, i, id) {
		struct seen_call key = { .id = (char *)json_string_value(id) }, *old;

		if (!fresh || !key.id)
			continue;
		old = t->call_count ? bsearch(&key, t->calls, t->call_count, sizeof(key), by_id)
				    : NULL;
		if (old)
			fresh[n] = *old;
		fresh[n].id = strdup(key.id);
		n += fresh[n].id != NULL;
	}
	forget_calls(t->calls, t->call_count);
	t->calls = fresh;
	t->call_count = n;
	if (n)
		qsort(fresh, n, sizeof(*fresh), by_id);
}

static void look_at_stream(struct seen_call *c, const json_t *stream)
{
	double jitter_ms = value_real(stream, "rtpwire.jitter ms");
	const char *reason;
	json_t *n;

	c->lost += value_int(stream, "rtpwire.lost");
	c->packets += value_int(stream, "stats.packets");
	if (jitter_ms > c->jitter_ms)
		c->jitter_ms = jitter_ms;
	json_object_foreach ((json_t *)value_at(stream, "rtpwire.drops"), reason, n)
		c->drops += json_integer_value(n);
}

static void look_at_call(const struct cli *cli, struct seen_call *c)
{
	const json_t *media, *stream;
	json_t *reply, *tag;
	const char *name;
	size_t m, s;

	if (client_command(cli, "query", "call-id", c->id, &reply) == CLI_OK) {
		c->lost = c->packets = c->drops = 0;
		c->jitter_ms = 0;
		json_object_foreach ((json_t *)value_at(reply, "tags"), name, tag)
			json_array_foreach (value_at(tag, "medias"), m, media)
				json_array_foreach (value_at(media, "streams"), s, stream)
					look_at_stream(c, stream);
	}
	json_decref(reply);
}

static double rate(const struct top *t, const json_t *now, const char *path)
{
	double seconds = t->now_s - t->before_s;

	if (!t->before || seconds <= 0)
		return 0;
	return (value_real(now, path) - value_real(t->before, path)) / seconds;
}

static void print_totals(const struct top *t, const json_t *s)
{
	char in[VALUE_SHORT], out[VALUE_SHORT];
	bool none = true;
	const char *name;
	json_t *n;

	printf("calls %zu   packets/s in %s, out %s   dropped:", t->call_count,
	       value_short(rate(t, s, "rtpwire.counters.rx_packets"), in),
	       value_short(rate(t, s, "rtpwire.counters.tx_packets"), out));
	json_object_foreach ((json_t *)value_at(s, "rtpwire.drops"), name, n) {
		if (json_integer_value(n) == 0)
			continue;
		none = false;
		printf(" %s %lld", name, (long long)json_integer_value(n));
	}
	puts(none ? " nothing" : "");
}

static void print_workers(const struct top *t, const json_t *s)
{
	const json_t *w, *old;
	size_t i;

	fputs("busy:", stdout);
	json_array_foreach (value_at(s, "rtpwire.workers"), i, w) {
		double polls, empty;

		old = json_array_get(value_at(t->before, "rtpwire.workers"), i);
		polls = value_real(w, "counters.polls") - value_real(old, "counters.polls");
		empty = value_real(w, "counters.empty_polls") -
			value_real(old, "counters.empty_polls");
		printf(" worker %zu %.0f%%", i, polls > 0 ? 100 - 100 * empty / polls : 0);
	}
	puts("");
}

static void print_worst(const struct cli *cli, const struct top *t)
{
	struct seen_call **order = calloc(t->call_count + 1, sizeof(*order));

	if (!order)
		return;
	for (size_t i = 0; i < t->call_count; i++)
		order[i] = &t->calls[i];
	qsort(order, t->call_count, sizeof(*order), by_trouble);
	paint(cli, PAINT_HEAD);
	printf("%10s %8s %8s %10s  %s\n", "packets", "lost", "dropped", "jitter ms", "call");
	paint(cli, PAINT_OFF);
	for (size_t i = 0; i < t->call_count && i < t->rows; i++) {
		const struct seen_call *c = order[i];

		printf("%10lld ", c->packets);
		paint(cli, c->lost ? PAINT_BAD : PAINT_GOOD);
		printf("%8lld ", c->lost);
		paint(cli, PAINT_OFF);
		printf("%8lld %10.1f  ", c->drops, c->jitter_ms);
		value_put(c->id, stdout);
		putchar('\n');
	}
	free(order);
}

static enum cli_exit screen(const struct cli *cli, struct top *t)
{
	json_t *list_request = json_pack("{sssi}", "command", "list", "limit", 1000000);
	json_t *reply = NULL, *list = NULL;
	enum cli_exit status = client_request(cli, list_request, &list);
	const json_t *s;

	if (status == CLI_OK) {
		update_calls(t, value_at(list, "calls"));
		status = client_command(cli, "statistics", NULL, NULL, &reply);
	}
	json_decref(list);
	if (status != CLI_OK)
		return client_finish(cli, status, reply);
	t->now_s = clock_s();
	for (size_t n = 0; n < QUERIES_A_SCREEN && n < t->call_count; n++)
		look_at_call(cli, &t->calls[t->next++ % t->call_count]);
	s = value_at(reply, "statistics");
	if (t->terminal)
		fputs("\033[H\033[J", stdout);
	print_totals(t, s);
	print_workers(t, s);
	print_worst(cli, t);
	fflush(stdout);
	json_decref(t->before);
	t->before = json_incref((json_t *)s);
	t->before_s = t->now_s;
	json_decref(reply);
	return CLI_OK;
}

/* Waits a second; true when the user wants to leave. */
static bool pause_or_quit(const struct top *t)
{
	struct pollfd pfd = { .fd = t->terminal ? STDIN_FILENO : -1, .events = POLLIN };
	double end = clock_s() + 1;
	char key;

	while (!interrupted && clock_s() < end) {
		if (poll(&pfd, 1, (int)((end - clock_s()) * 1000) + 1) <= 0)
			continue;
		if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
			return true;
	}
	return interrupted;
}

/* Single keys without echo; the caller restores *saved. */
static void raw_terminal(struct termios *saved)
{
	struct termios raw;

	tcgetattr(STDIN_FILENO, saved);
	raw = *saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static unsigned int screen_rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 8)
		return ROWS_DEFAULT;
	return size.ws_row - 5u;
}

enum cli_exit top_command(const struct cli *cli, char **arguments)
{
	struct top t = { .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) };
	struct sigaction sa = { .sa_handler = on_signal };
	enum cli_exit status;
	struct termios saved;
	unsigned int screens = 0;

	(void)arguments;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (t.terminal)
		raw_terminal(&saved);
	do {
		t.rows = t.terminal ? screen_rows() : ROWS_DEFAULT;
		status = screen(cli, &t);
	} while (status == CLI_OK && ++screens != cli->count && !pause_or_quit(&t));
	if (t.terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	json_decref(t.before);
	forget_calls(t.calls, t.call_count);
	return status;
}
