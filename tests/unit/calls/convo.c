/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conversations for plan tests (convo.h).
 */
#include "convo.h"

#include <stdio.h>
#include <stdlib.h>

static struct rw_ip ip(const char *text)
{
	struct rw_ip out;

	assert_int_equal(rw_ip_parse(text, &out), 0);
	return out;
}

static void interface(struct convo *c, const char *name, const char *address,
		      const char *advertised)
{
	struct interface_spec *s = &c->cfg.interfaces[c->cfg.interface_count++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->address = ip(address);
	s->advertised = ip(advertised);
}

void convo_begin(struct convo *c, uint16_t port_min, uint16_t port_max, uint16_t workers)
{
	unsigned int bad;

	memset(c, 0, sizeof(*c));
	c->cfg.tos = 184;
	interface(c, "left", V4A, V4A);
	interface(c, "left", V6, V6);
	interface(c, "right", V4B, ADVERTISED);
	c->limits = (struct rw_limits){ .port_min = port_min,
					.port_max = port_max,
					.workers = workers,
					.media_count = 3,
					.srtp_suites = ALL_SUITES,
					.media = { ip(V4A), ip(V4B), ip(V6) } };
	assert_int_equal(interfaces_build(&c->cfg, &c->limits, &c->ifs, &bad), 0);
	assert_int_equal(ports_new(&c->limits, &c->ports), 0);
}

static void release_flow(void *ctx, struct call_flow *f)
{
	ports_give_back(ctx, f->id);
}

void convo_end(struct convo *c)
{
	struct ports_usage u;

	if (c->state)
		call_each_flow(c->state, release_flow, c->ports);
	assert_int_equal(ports_check(c->ports), 0);
	for (unsigned int i = 0; i < c->limits.media_count; i++) {
		ports_usage(c->ports, i, &u);
		assert_int_equal(u.used, 0); /* no port leaked in any step */
	}
	call_state_free(c->state);
	arena_free(c->arena);
	ports_free(c->ports);
}

int convo_setup(void **state)
{
	static struct convo c;

	convo_begin(&c, 8000, 8999, 2);
	*state = &c;
	return 0;
}

int convo_teardown(void **state)
{
	convo_end(*state);
	return 0;
}

/* LF to CRLF, in the arena. */
static struct str crlf(struct arena *a, const char *lf)
{
	char *out = arena_alloc(a, 2 * strlen(lf) + 1);
	size_t n = 0;

	assert_non_null(out);
	for (; *lf; lf++) {
		if (*lf == '\n')
			out[n++] = '\r';
		out[n++] = *lf;
	}
	return (struct str){ out, n };
}

static bool learned(void *ctx, const struct call_flow *f, struct rw_endpoint *out)
{
	const struct convo *c = ctx;

	if (!c->learned_port || rw_flow_port(f->id) != c->learned_port)
		return false;
	*out = c->learned_at;
	return true;
}

static void check_flow(void *ctx, struct call_flow *f)
{
	const struct convo *c = ctx;
	struct rw_flow_spec spec;

	if (!f->wanted)
		return;
	f->generation = 1;
	call_flow_spec(f, STR("call"), 1, &spec);
	assert_string_equal(rw_flow_error_text(rw_flow_spec_check(&spec, &c->limits)), "accepted");
	assert_int_equal(rw_shard(rw_flow_port(f->id), c->limits.workers), c->plan.next->shard);
}

static void adopt(struct convo *c)
{
	struct call_state *old = c->state;

	call_each_flow(c->plan.next, check_flow, c);
	c->state = call_state_pack(c->plan.next); /* views into the old one are copied now */
	assert_non_null(c->state);
	call_state_free(old);
	c->plan.next = NULL; /* its views into the old state are gone */
}

static bool step(struct convo *c, struct ng_args *args, const char *text,
		 int (*plan)(struct plan *p, const struct call_state *now))
{
	static struct plan_env env;
	struct arena *before = c->arena;
	struct sdp *sdp;
	const char *why;
	int rc;

	c->arena = arena_new();
	assert_non_null(c->arena);
	sdp = arena_alloc(c->arena, sizeof(*sdp));
	args->sdp = crlf(c->arena, text);
	assert_int_equal(sdp_parse(c->arena, args->sdp, sdp, &why), SDP_OK);
	env = (struct plan_env){ .cfg = &c->cfg,
				 .ifs = &c->ifs,
				 .ports = c->ports,
				 .srtp_suites = c->limits.srtp_suites,
				 .instance_id = STR("0123456789ab"),
				 .now_ms = 1000,
				 .now_s = 1,
				 .learned = learned,
				 .learned_ctx = c };
	c->plan = (struct plan){ .arena = c->arena, .env = &env, .args = args, .sdp = sdp };
	rc = plan(&c->plan, c->state);
	c->error = rc == 0 ? NULL : rc == -EINVAL ? c->plan.error : "no memory";
	if (rc)
		plan_drop(&c->plan);
	else
		adopt(c);
	arena_free(before);
	return rc == 0;
}

bool convo_offer(struct convo *c, struct ng_args args, const char *sdp)
{
	return step(c, &args, sdp, plan_offer);
}

bool convo_answer(struct convo *c, struct ng_args args, const char *sdp)
{
	return step(c, &args, sdp, plan_answer);
}

void convo_offer_ok(struct convo *c, struct ng_args args, const char *sdp)
{
	if (!convo_offer(c, args, sdp))
		fail_msg("offer: %s", c->error);
}

void convo_answer_ok(struct convo *c, struct ng_args args, const char *sdp)
{
	if (!convo_answer(c, args, sdp))
		fail_msg("answer: %s", c->error);
}

/* --- comparing --- */

static bool var_used(const struct convo *c, unsigned int port)
{
	for (unsigned int i = 0; i < 10; i++) {
		if (c->var[i] == port)
			return true;
	}
	return false;
}

/* Matches one placeholder at *e against digits at *g. */
static bool match_var(struct convo *c, const char **e, const char **g)
{
	unsigned int v = (unsigned int)(*++*e - '0');
	char *end;
	unsigned long port = strtoul(*g, &end, 10);

	assert_true(v < 10);
	++*e;
	if (end == *g)
		return false;
	*g = end;
	if (**e == '+') {
		++*e;
		return c->var[v] && port == c->var[v] + 1;
	}
	if (!c->var[v]) {
		if (var_used(c, (unsigned int)port))
			return false;
		c->var[v] = (unsigned int)port;
	}
	return port == c->var[v];
}

/* How much of got the expected text matches; NULL when it does not. CR in got is skipped. */
static const char *match(struct convo *c, const char *e, const char *g)
{
	while (*e) {
		if (*g == '\r') {
			g++;
		} else if (*e == '$') {
			if (!match_var(c, &e, &g))
				return NULL;
		} else if (*e++ != *g++) {
			return NULL;
		}
	}
	return g;
}

void convo_expect(struct convo *c, const char *text)
{
	const char *rest;

	if (c->error)
		fail_msg("step failed: %s", c->error);
	rest = match(c, text, c->plan.reply_sdp.p);
	if (!rest || *rest)
		fail_msg("expected:\n%s\ngot:\n%s\n(1=%u 2=%u 3=%u 4=%u)", text,
			 c->plan.reply_sdp.p, c->var[1], c->var[2], c->var[3], c->var[4]);
}

static bool has_line(struct convo *c, const char *line)
{
	for (const char *at = c->plan.reply_sdp.p; at && *at;
	     at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		unsigned int saved[10];
		const char *end;

		memcpy(saved, c->var, sizeof(saved));
		end = match(c, line, at);
		if (end && (*end == '\r' || *end == '\0'))
			return true;
		memcpy(c->var, saved, sizeof(saved));
	}
	return false;
}

void convo_expect_line(struct convo *c, const char *line)
{
	if (c->error)
		fail_msg("step failed: %s", c->error);
	if (!has_line(c, line))
		fail_msg("no line \"%s\" in:\n%s", line, c->plan.reply_sdp.p);
}

void convo_expect_no_line(struct convo *c, const char *line)
{
	if (c->error)
		fail_msg("step failed: %s", c->error);
	if (has_line(c, line))
		fail_msg("line \"%s\" in:\n%s", line, c->plan.reply_sdp.p);
}

void convo_expect_error(struct convo *c, const char *error)
{
	assert_non_null(c->error);
	assert_string_equal(c->error, error);
}

unsigned int convo_port(struct convo *c, unsigned int n)
{
	const char *at = c->plan.reply_sdp.p;

	assert_null(c->error);
	for (at = strstr(at, "\nm="); at && n; n--)
		at = strstr(at + 1, "\nm=");
	assert_non_null(at);
	return (unsigned int)strtoul(strchr(at, ' '), NULL, 10);
}

struct find {
	unsigned int port;
	const struct call_flow *found;
};

static void find_port(void *ctx, struct call_flow *f)
{
	struct find *find = ctx;

	if (rw_flow_port(f->id) == find->port)
		find->found = f;
}

const struct call_flow *convo_flow(struct convo *c, unsigned int port)
{
	struct find find = { .port = port };

	call_each_flow(c->state, find_port, &find);
	assert_non_null(find.found);
	return find.found;
}

bool endpoint_is(const struct rw_endpoint *ep, const char *text)
{
	char buf[RW_ENDPOINT_TEXT];

	if (strcmp(rw_endpoint_text(ep, buf), text) == 0)
		return true;
	print_error("endpoint is %s, not %s\n", buf, text);
	return false;
}

const char *audio(const char *address, unsigned int port, const char *extra)
{
	static char texts[4][1024];
	static unsigned int n;
	char *out = texts[n++ % 4];
	const char *family = strchr(address, ':') ? "IP6" : "IP4";

	snprintf(out, sizeof(texts[0]),
		 "v=0\no=u 7 3 IN %s %s\ns=-\nt=0 0\nc=IN %s %s\nm=audio %u RTP/AVP 0\n%s", family,
		 address, family, address, port, extra);
	return out;
}
