/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire stats`: totals since start, workers, and why packets were dropped. Program's only thread.
 */
#include <stdio.h>
#include <string.h>

#include "rtpwire/counters.h"

#include "cli.h"

static void heading(const struct cli *cli, const char *text)
{
	paint(cli, PAINT_HEAD);
	puts(text);
	paint(cli, PAINT_OFF);
}

static const char *drop_help(const char *name)
{
	for (unsigned int n = 0; n < RW_DROP_MAX; n++)
		if (strcmp(rw_drop_name(n), name) == 0)
			return rw_drop_help(n);
	return "";
}

static void print_program(const struct cli *cli, const json_t *s)
{
	const json_t *dataplane = value_at(s, "rtpwire.dataplane");
	bool up = json_is_true(value_at(dataplane, "connected")) ||
		  value_int(dataplane, "connected") != 0;

	heading(cli, "relay");
	printf("  version    %s, up %s s\n", value_text(s, "rtpwire.version"),
	       value_text(s, "totalstatistics.uptime"));
	fputs("  dataplane  ", stdout);
	paint(cli, up ? PAINT_GOOD : PAINT_BAD);
	fputs(up ? "connected" : "NOT CONNECTED", stdout);
	paint(cli, PAINT_OFF);
	printf(", %s, workers %lld\n", value_text(dataplane, "backend"),
	       value_int(dataplane, "workers"));
}

static void print_calls(const struct cli *cli, const json_t *s)
{
	const json_t *t = value_at(s, "totalstatistics");

	heading(cli, "calls");
	printf("  now        %lld\n", value_int(s, "currentstatistics.sessionstotal"));
	printf("  since start %lld: %lld ended by delete, %lld timed out, %lld rejected\n",
	       value_int(t, "managedsessions"), value_int(t, "regularterminatedsessions"),
	       value_int(t, "timeoutsessions") + value_int(t, "silenttimeoutsessions") +
		       value_int(t, "offertimeoutsessions"),
	       value_int(t, "rejectedsessions"));
}

static void print_packets(const struct cli *cli, const json_t *s)
{
	const json_t *counters = value_at(s, "rtpwire.counters");
	bool none = true;
	const char *name;
	json_t *n;

	heading(cli, "packets and other counters");
	for (unsigned int i = 0; i < RW_COUNT_MAX; i++) {
		name = rw_worker_counter_name(i);
		if (value_at(counters, name))
			printf("  %-16s %lld\n", name, value_int(counters, name));
	}
	heading(cli, "drops");
	json_object_foreach ((json_t *)value_at(s, "rtpwire.drops"), name, n) {
		if (json_integer_value(n) == 0)
			continue;
		none = false;
		printf("  %-22s %10lld  %s\n", name, (long long)json_integer_value(n),
		       drop_help(name));
	}
	if (none)
		puts("  none");
}

static void print_workers(const struct cli *cli, const json_t *s)
{
	const json_t *w;
	size_t i;

	json_array_foreach (value_at(s, "rtpwire.workers"), i, w) {
		double polls = value_real(w, "counters.polls");
		double busy =
			polls > 0 ? 100 - 100 * value_real(w, "counters.empty_polls") / polls : 0;

		if (i == 0)
			heading(cli, "workers");
		printf("  worker %zu   flows %lld, in %lld, out %lld, turns with packets %.1f%%\n",
		       i, value_int(w, "flows"), value_int(w, "counters.rx_packets"),
		       value_int(w, "counters.tx_packets"), busy);
	}
}

enum cli_exit stats_command(const struct cli *cli, char **arguments)
{
	json_t *reply;
	enum cli_exit status = client_command(cli, "statistics", NULL, NULL, &reply);
	const json_t *s = value_at(reply, "statistics");

	(void)arguments;
	if (status == CLI_OK && !cli->json) {
		print_program(cli, s);
		print_calls(cli, s);
		print_workers(cli, s);
		print_packets(cli, s);
	}
	return client_finish(cli, status, reply);
}
