/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ng command "statistics": the incumbent's structure (ng-protocol section 4; whole numbers are integers, doubles and
 * uptime are strings), and one more dictionary, "rtpwire". Control's only thread.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>

#include "commands.h"
#include "ng_stats.h"
#include "statistics.h"

static void put_real(struct arena *a, struct ng_value *d, const char *key, double v)
{
	ng_put_str(a, d, key, arena_printf(a, "%.6f", v));
}

static void put_zeroes(struct arena *a, struct ng_value *d, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ng_put_int(a, d, keys[i], 0);
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Everything passes the dataplane; it counts as the incumbent's "user" part, there is no kernel part. */
static struct ng_value *current(const struct statistics *s)
{
	static const char *const none[] = { "transcodedmedia", "mediacache", "playercache" };
	static const char *const kernel[] = { "packetrate_kernel", "byterate_kernel",
					      "errorrate_kernel" };
	const struct engine_rates *r = &s->eng->rates;
	struct ng_value *d = ng_dict(s->a);

	ng_put_int(s->a, d, "sessionsown", (int64_t)calls_count(s->eng->calls));
	ng_put_int(s->a, d, "sessionsforeign", 0);
	ng_put_int(s->a, d, "sessionstotal", (int64_t)calls_count(s->eng->calls));
	put_zeroes(s->a, d, none, COUNT(none));
	ng_put_int(s->a, d, "packetrate_user", (int64_t)r->packets);
	ng_put_int(s->a, d, "byterate_user", (int64_t)r->bytes);
	ng_put_int(s->a, d, "errorrate_user", (int64_t)r->errors);
	put_zeroes(s->a, d, kernel, COUNT(kernel));
	ng_put_int(s->a, d, "packetrate", (int64_t)r->packets);
	ng_put_int(s->a, d, "byterate", (int64_t)r->bytes);
	ng_put_int(s->a, d, "errorrate", (int64_t)r->errors);
	ng_put_int(s->a, d, "media_userspace", (int64_t)s->medias);
	ng_put_int(s->a, d, "media_kernel", 0);
	ng_put_int(s->a, d, "media_mixed", 0);
	return d;
}

static void put_relayed(const struct statistics *s, struct ng_value *d)
{
	static const char *const kernel[] = { "relayedpackets_kernel", "relayedpacketerrors_kernel",
					      "relayedbytes_kernel" };
	uint64_t packets = s->counters[RW_COUNT_tx_packets];
	uint64_t bytes = s->counters[RW_COUNT_tx_bytes];

	ng_put_int(s->a, d, "relayedpackets_user", (int64_t)packets);
	ng_put_int(s->a, d, "relayedpacketerrors_user", (int64_t)s->errors);
	ng_put_int(s->a, d, "relayedbytes_user", (int64_t)bytes);
	put_zeroes(s->a, d, kernel, COUNT(kernel));
	ng_put_int(s->a, d, "relayedpackets", (int64_t)packets);
	ng_put_int(s->a, d, "relayedpacketerrors", (int64_t)s->errors);
	ng_put_int(s->a, d, "relayedbytes", (int64_t)bytes);
}

static struct ng_value *total(const struct statistics *s)
{
	const struct engine_totals *t = &s->eng->totals;
	double n = t->ended ? (double)t->ended : 1, mean = t->duration_s / n;
	double variance = t->duration2_s / n - mean * mean;
	struct ng_value *d = ng_dict(s->a);

	ng_put_str(s->a, d, "uptime",
		   arena_printf(s->a, "%" PRIu64, (engine_now_ms() - s->eng->started_ms) / 1000));
	ng_put_int(s->a, d, "managedsessions", (int64_t)t->managed);
	ng_put_int(s->a, d, "rejectedsessions", (int64_t)t->rejected);
	ng_put_int(s->a, d, "timeoutsessions", (int64_t)t->timeouts);
	ng_put_int(s->a, d, "silenttimeoutsessions", (int64_t)t->silent_timeouts);
	ng_put_int(s->a, d, "finaltimeoutsessions", 0);
	ng_put_int(s->a, d, "offertimeoutsessions", (int64_t)t->offer_timeouts);
	ng_put_int(s->a, d, "regularterminatedsessions", (int64_t)t->regular);
	ng_put_int(s->a, d, "forcedterminatedsessions", (int64_t)t->forced);
	put_relayed(s, d);
	ng_put_int(s->a, d, "zerowaystreams", (int64_t)t->zero_way);
	ng_put_int(s->a, d, "onewaystreams", (int64_t)t->one_way);
	put_real(s->a, d, "avgcallduration", mean);
	put_real(s->a, d, "totalcallsduration", t->duration_s);
	put_real(s->a, d, "totalcallsduration2", t->duration2_s);
	put_real(s->a, d, "totalcallsduration_stddev", variance > 0 ? sqrt(variance) : 0);
	return d;
}

/* Five keys of one quality figure. No reports are read yet: no samples. */
static void put_figure(struct arena *a, struct ng_value *d, const char *name)
{
	static const char *const parts[] = { "total", "2_total", "samples_total", "average",
					     "stddev" };

	for (size_t i = 0; i < COUNT(parts); i++) {
		struct str key = arena_printf(a, i == 1 ? "%s%s" : "%s_%s", name, parts[i]);

		if (key.p && i == 2)
			ng_put_key(a, d, key, ng_int(a, 0));
		else if (key.p)
			ng_put_key(a, d, key, ng_str(a, STR("0.000000")));
	}
}

static struct ng_value *mos(const struct statistics *s)
{
	struct ng_value *d = ng_dict(s->a);

	put_figure(s->a, d, "mos");
	return d;
}

static struct ng_value *voip_metrics(const struct statistics *s, bool totals)
{
	static const char *const figures[] = { "mos",	   "jitter",	 "rtt_e2e",
					       "rtt_dsct", "packetloss", "jitter_measured" };
	const struct engine_totals *t = &s->eng->totals;
	struct ng_value *d = ng_dict(s->a);

	for (size_t i = 1; i < COUNT(figures); i++)
		put_figure(s->a, d, figures[i]);
	if (!totals)
		return d;
	ng_put_int(s->a, d, "packets_lost", (int64_t)t->packets_lost);
	ng_put_int(s->a, d, "rtp_duplicates", (int64_t)t->duplicates);
	ng_put_int(s->a, d, "rtp_skips", 0);
	ng_put_int(s->a, d, "rtp_seq_resets", (int64_t)t->seq_resets);
	ng_put_int(s->a, d, "rtp_reordered", (int64_t)t->reordered);
	return d;
}

/* "play DTMF" becomes "playdtmf": part of the key names. */
static struct str short_name(struct arena *a, const char *command)
{
	size_t n = strlen(command), k = 0;
	char *name = arena_alloc(a, n + 1);

	for (size_t i = 0; name && i < n; i++) {
		if (command[i] != ' ')
			name[k++] = (char)tolower((unsigned char)command[i]);
	}
	return (struct str){ name, k };
}

static void put_named(struct arena *a, struct ng_value *d, const char *before, struct str name,
		      const char *after, struct ng_value *v)
{
	struct str key = arena_printf(a, "%s%.*s%s", before, STR_FMT(name), after);

	if (key.p)
		ng_put_key(a, d, key, v);
}

static struct ng_value *proxy_dict(const struct statistics *s, const struct ng_stats_proxy *p,
				   uint64_t *sums)
{
	struct ng_value *d = ng_dict(s->a);

	ng_put_str(s->a, d, "proxy", arena_printf(s->a, "%s", p->name));
	for (size_t i = 0; i < ng_command_count && i < NG_STATS_COMMAND_MAX; i++) {
		const struct ng_stats_command *c = &p->commands[i];
		struct str name = short_name(s->a, ng_commands[i].name);

		sums[i] += c->count;
		put_named(s->a, d, "", name, "count", ng_int(s->a, (int64_t)c->count));
		put_named(s->a, d, "", name, "duration",
			  ng_str(s->a, arena_printf(s->a, "%.6f", (double)c->duration_ns / 1e9)));
	}
	ng_put_int(s->a, d, "errorcount", (int64_t)p->errors);
	return d;
}

static struct ng_value *control(const struct statistics *s)
{
	struct ng_value *d = ng_dict(s->a), *proxies = ng_list(s->a);
	uint64_t sums[NG_STATS_COMMAND_MAX] = { 0 };

	for (size_t i = 0; i < ng_stats_proxy_count(); i++)
		ng_add(s->a, proxies, proxy_dict(s, ng_stats_proxy(i), sums));
	ng_put(s->a, d, "proxies", proxies);
	for (size_t i = 0; i < ng_command_count && i < NG_STATS_COMMAND_MAX; i++)
		put_named(s->a, d, "total", short_name(s->a, ng_commands[i].name), "count",
			  ng_int(s->a, (int64_t)sums[i]));
	return d;
}

static struct ng_value *interface_ports(const struct statistics *s, unsigned int media)
{
	struct ports_usage u;
	struct ng_value *d = ng_dict(s->a);

	ports_usage(s->eng->ports, media, &u);
	ng_put_int(s->a, d, "min", s->eng->limits.port_min);
	ng_put_int(s->a, d, "max", s->eng->limits.port_max);
	ng_put_int(s->a, d, "used", u.used);
	put_real(s->a, d, "used_pct", u.total ? 100.0 * u.used / u.total : 0);
	ng_put_int(s->a, d, "free", (int64_t)u.free + u.quarantined);
	ng_put_int(s->a, d, "totals", u.total);
	return d;
}

static struct ng_value *interface_dict(const struct statistics *s, unsigned int entry)
{
	const struct interface_entry *e = &s->eng->ifs.entries[entry];
	const struct statistics_interface *sum = &s->interfaces[entry];
	struct ng_value *d = ng_dict(s->a), *in = ng_dict(s->a), *out = ng_dict(s->a);
	char text[RW_IP_TEXT];

	ng_put_str(s->a, d, "name", str_from(s->eng->ifs.names[e->logical]));
	ng_put_str(s->a, d, "address", arena_printf(s->a, "%s", rw_ip_text(&e->address, text)));
	ng_put(s->a, d, "ports", interface_ports(s, e->media));
	ng_put_int(s->a, d, "packets_lost", (int64_t)sum->lost);
	ng_put_int(s->a, d, "duplicates", (int64_t)sum->duplicates);
	ng_put(s->a, d, "voip_metrics", voip_metrics(s, false));
	ng_put_int(s->a, in, "packets", (int64_t)sum->rx_packets);
	ng_put_int(s->a, in, "bytes", (int64_t)sum->rx_bytes);
	ng_put_int(s->a, in, "errors", (int64_t)sum->errors);
	ng_put_int(s->a, out, "packets", (int64_t)sum->tx_packets);
	ng_put_int(s->a, out, "bytes", (int64_t)sum->tx_bytes);
	ng_put_int(s->a, out, "errors", 0);
	ng_put(s->a, d, "ingress", in);
	ng_put(s->a, d, "egress", out);
	return d;
}

static struct ng_value *interfaces(const struct statistics *s)
{
	struct ng_value *l = ng_list(s->a);

	for (unsigned int i = 0; s->eng->ports && i < s->eng->ifs.entry_count; i++)
		ng_add(s->a, l, interface_dict(s, i));
	return l;
}

void cmd_statistics(struct engine *eng, struct ng_request *rq)
{
	struct ng_value *reply = ng_dict(rq->arena), *d = ng_dict(rq->arena);
	struct statistics *s = statistics_read(eng, rq->arena);
	struct arena *a = rq->arena;

	if (!s) {
		ng_reply_error(rq, "Out of memory");
		return;
	}
	ng_put(a, d, "currentstatistics", current(s));
	ng_put(a, d, "totalstatistics", total(s));
	ng_put(a, d, "mos", mos(s));
	ng_put(a, d, "voip_metrics", voip_metrics(s, true));
	ng_put(a, d, "controlstatistics", control(s));
	ng_put(a, d, "interfaces", interfaces(s));
	ng_put(a, d, "transcoders", ng_list(a));
	ng_put(a, d, "poller_threads", ng_list(a));
	ng_put(a, d, "bufferpools", ng_dict(a));
	ng_put(a, d, "rtpwire", statistics_rtpwire(s));
	ng_put(a, reply, "statistics", d);
	ng_reply(rq, ng_put_str(a, reply, "result", STR("ok")) ? reply : NULL);
}
