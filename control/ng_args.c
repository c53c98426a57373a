/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Request dictionary to struct ng_args. Names are folded (small letters, hyphens) and looked up in
 * three tables: keys, flags, and the words of list keys. Keys count in the order sent, the last
 * wins; that is also how `rtpp-flags`, sent last, overrides. Pure; control's only thread.
 */
#include "ng_args.h"
#include "ng_rtpp.h"
#include "ng_word.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>

struct parse {
	struct arena *arena;
	struct ng_args *args;
	unsigned int directions; /* words of direction seen: the first is from, the second is to */
	unsigned int transport_bits; /* of bare words, enum transport_bit */
	bool rtpp; /* a key rtpp-flags was there */
	bool inside_rtpp; /* its text is being read: it cannot hold itself */
	bool no_memory;
};

struct key_row {
	const char *name; /* folded */
	void (*set)(struct parse *p, const struct ng_value *v);
};

struct flag_row {
	const char *name; /* folded */
	size_t offset; /* of a bool in struct ng_args */
};

static void set_key(struct parse *p, struct str name, const struct ng_value *v);

static struct str cut(struct str s, size_t from)
{
	return (struct str){ s.p + from, s.n - from };
}

static struct str trim(struct str s)
{
	while (s.n && isspace((unsigned char)s.p[0]))
		s = cut(s, 1);
	while (s.n && isspace((unsigned char)s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Hands every word of a list, or of one comma separated string, to use(). */
static void each_word(struct parse *p, const struct ng_value *v,
		      void (*use)(struct parse *p, struct str word))
{
	struct str rest;

	if (v->type == NG_LIST) {
		for (const struct ng_item *it = v->first; it; it = it->next) {
			if (it->value->type == NG_STR)
				use(p, trim(it->value->s));
		}
		return;
	}
	if (v->type != NG_STR)
		return;
	for (rest = v->s;;) {
		const char *comma = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;

		if (n)
			use(p, trim((struct str){ rest.p, n }));
		if (!comma)
			return;
		rest = cut(rest, n + 1);
	}
}

static bool row_set(struct ng_args *args, const struct flag_row *rows, size_t count,
		    const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		*(bool *)((char *)args + rows[i].offset) = true;
		return true;
	}
	return false;
}

#define FLAG(name, member)                                                                         \
	{                                                                                          \
		name, offsetof(struct ng_args, member)                                             \
	}
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct flag_row replace_rows[] = {
	FLAG("origin", replace_origin),
	FLAG("origin-full", replace_origin_full),
	FLAG("username", replace_username),
	FLAG("session-name", replace_session_name),
	FLAG("sdp-version", replace_sdp_version),
	FLAG("force-increment-sdp-ver", replace_force_increment),
	FLAG("zero-address", replace_zero_address),
};

static void replace_word(struct parse *p, struct str word)
{
	char name[NG_WORD_BYTES];

	if (!ng_word_fold(word, '-', name))
		return;
	row_set(p->args, replace_rows, COUNT(replace_rows), name);
	if (p->args->replace_origin_full)
		p->args->replace_origin = p->args->replace_sdp_version = true;
}

static void mux_word(struct parse *p, struct str word)
{
	static const struct {
		const char *name;
		unsigned int bits;
	} rows[] = {
		{ "offer", NG_MUX_OFFER },   { "require", NG_MUX_REQUIRE | NG_MUX_OFFER },
		{ "demux", NG_MUX_DEMUX },   { "accept", NG_MUX_ACCEPT },
		{ "reject", NG_MUX_REJECT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (str_case_is(word, rows[i].name))
			p->args->rtcp_mux |= rows[i].bits;
	}
}

static void sdes_word(struct parse *p, struct str word)
{
	ng_sdes_word(&p->args->sdes, word);
}

static void osrtp_word(struct parse *p, struct str word)
{
	ng_osrtp_word(&p->args->osrtp, word);
}

static void direction_word(struct parse *p, struct str word)
{
	if (p->directions == 0)
		p->args->from_interface = word;
	else if (p->directions == 1)
		p->args->to_interface = word;
	p->directions++;
}

static const struct flag_row flag_rows[] = {
	FLAG("no-rtcp-attribute", no_rtcp_attribute),
	FLAG("full-rtcp-attribute", full_rtcp_attribute),
	FLAG("sip-source-address", sip_source_address),
	FLAG("trust-address", trust_address),
	FLAG("asymmetric", asymmetric),
	FLAG("strict-source", strict_source),
	FLAG("media-handover", media_handover),
	FLAG("port-latching", port_latching),
	FLAG("no-port-latching", no_port_latching),
	FLAG("loop-protect", loop_protect),
	FLAG("original-sendrecv", original_sendrecv),
	FLAG("fragment", fragment),
	FLAG("reset", reset),
	FLAG("pass-unknown", pass_unknown),
	FLAG("to-tag", to_tag_given),
	FLAG("fast", fast),
	FLAG("fatal", fatal),
	FLAG("all", all),
	FLAG("provisional", provisional),
	FLAG("new-branch", new_branch),
	FLAG("pad-crypto", sdes.pad),
};

/* "replace-origin" is short for replace: [origin]. True when the word was one of these. */
static bool prefixed_word(struct parse *p, struct str word)
{
	static const struct {
		const char *prefix;
		void (*use)(struct parse *p, struct str word);
	} rows[] = {
		{ "replace-", replace_word },
		{ "rtcp-mux-", mux_word },
		{ "sdes-", sdes_word },
		{ "osrtp-", osrtp_word },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = ng_word_behind(word, rows[i].prefix);

		if (!rest.p)
			continue;
		rows[i].use(p, rest);
		return true;
	}
	return false;
}

/* One element of `flags`. */
static void flag_word(struct parse *p, struct str word)
{
	char name[NG_WORD_BYTES];

	if (prefixed_word(p, word) || !ng_word_fold(word, '-', name) ||
	    row_set(p->args, flag_rows, COUNT(flag_rows), name))
		return;
	if (strcmp(name, "internal") == 0 || strcmp(name, "external") == 0)
		direction_word(p, word);
}

static void supports_word(struct parse *p, struct str word)
{
	char name[NG_WORD_BYTES];

	if (ng_word_fold(word, '-', name) && strcmp(name, "load-limit") == 0)
		p->args->supports_load_limit = true;
}

/* The strings: kept as sent, also when empty. */
#define STRING_KEY(function, member)                                                               \
	static void function(struct parse *p, const struct ng_value *v)                            \
	{                                                                                          \
		if (v->type == NG_STR)                                                             \
			p->args->member = v->s;                                                    \
	}
STRING_KEY(set_call_id, call_id)
STRING_KEY(set_from_tag, from_tag)
STRING_KEY(set_to_tag, to_tag)
STRING_KEY(set_via_branch, via_branch)
STRING_KEY(set_sdp, sdp)
STRING_KEY(set_label, label)
STRING_KEY(set_metadata, metadata)
STRING_KEY(set_from_interface, from_interface)
STRING_KEY(set_to_interface, to_interface)

static void set_supports(struct parse *p, const struct ng_value *v)
{
	each_word(p, v, supports_word);
}

static void set_flags(struct parse *p, const struct ng_value *v)
{
	each_word(p, v, flag_word);
}

static void set_replace(struct parse *p, const struct ng_value *v)
{
	each_word(p, v, replace_word);
}

static void set_rtcp_mux(struct parse *p, const struct ng_value *v)
{
	each_word(p, v, mux_word);
}

static void set_sdes(struct parse *p, const struct ng_value *v)
{
	each_word(p, v, sdes_word);
}

static void set_osrtp(struct parse *p, const struct ng_value *v)
{
	each_word(p, v, osrtp_word);
}

static void set_direction(struct parse *p, const struct ng_value *v)
{
	each_word(p, v, direction_word);
}

/* An address as text, with or without brackets. */
static int address_from(struct str s, struct rw_ip *out)
{
	char text[RW_IP_TEXT];

	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = (struct str){ s.p + 1, s.n - 2 };
	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
		return -EINVAL;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return rw_ip_parse(text, out);
}

/* family is "IP4", "IP6", or what a proxy says when it does not know ("?", nothing). */
static void take_received_from(struct parse *p, struct str family, struct str address)
{
	struct rw_ip ip = { 0 };
	int rc = address_from(address, &ip);

	if (str_is(family, "IP4") && ip.family != RW_FAMILY_IP4)
		rc = -EINVAL;
	if (str_is(family, "IP6") && ip.family != RW_FAMILY_IP6)
		rc = -EINVAL;
	p->args->has_received_from = true;
	p->args->received_from_bad = rc != 0;
	p->args->received_from = rc ? (struct rw_ip){ 0 } : ip;
}

static struct str string_of(const struct ng_value *v)
{
	return v->type == NG_STR ? trim(v->s) : (struct str){ NULL, 0 };
}

/* [family, address], [address], "family address" or "address". */
static void set_received_from(struct parse *p, const struct ng_value *v)
{
	struct str family = { NULL, 0 }, address = string_of(v);
	const char *blank = address.n ? memchr(address.p, ' ', address.n) : NULL;

	if (v->type == NG_LIST && v->count == 1)
		address = string_of(v->first->value);
	if (v->type == NG_LIST && v->count >= 2) {
		family = string_of(v->first->value);
		address = string_of(v->first->next->value);
	} else if (blank) {
		family = (struct str){ address.p, (size_t)(blank - address.p) };
		address = trim(cut(address, family.n));
	}
	if (family.n || address.n || v->count)
		take_received_from(p, family, address);
}

static void set_media_address(struct parse *p, const struct ng_value *v)
{
	if (address_from(string_of(v), &p->args->media_address) == 0)
		p->args->has_media_address = true;
}

/* Only these two spellings; anything else is as if the key were not there. */
static void set_address_family(struct parse *p, const struct ng_value *v)
{
	if (v->type == NG_STR && str_is(v->s, "IP4"))
		p->args->address_family = NG_FAMILY_IP4;
	else if (v->type == NG_STR && str_is(v->s, "IP6"))
		p->args->address_family = NG_FAMILY_IP6;
}

static void set_transport(struct parse *p, const struct ng_value *v)
{
	struct str word = string_of(v);
	enum sdp_proto proto = sdp_proto_from(word);

	if (str_case_is(word, "accept"))
		p->args->transport_accept = true;
	else if (proto != SDP_PROTO_OTHER)
		p->args->transport = proto;
}

/* The integer of v, also from a string. 0 or -EINVAL. */
static int integer_of(const struct ng_value *v, int64_t *out)
{
	if (v->type == NG_STR)
		return ng_decimal(trim(v->s), out) ? -EINVAL : 0;
	*out = v->i;
	return v->type == NG_INT ? 0 : -EINVAL;
}

static void set_tos(struct parse *p, const struct ng_value *v)
{
	int64_t i;

	if (integer_of(v, &i) == 0 && i >= 0 && i <= 255)
		p->args->tos = (int)i;
}

static void set_delete_delay(struct parse *p, const struct ng_value *v)
{
	int64_t i;

	if (integer_of(v, &i) == 0 && i >= 0)
		p->args->delete_delay_s = i > INT_MAX ? INT_MAX : (int)i;
}

static void set_limit(struct parse *p, const struct ng_value *v)
{
	int64_t i;

	p->args->limit_bad = integer_of(v, &i) != 0 || i < 0;
	p->args->limit = p->args->limit_bad ? -1 : i;
}

static void set_learning(struct parse *p, const struct ng_value *v)
{
	static const struct {
		const char *name;
		enum ng_learning value;
	} rows[] = {
		{ "off", NG_LEARN_OFF },
		{ "none", NG_LEARN_OFF },
		{ "immediate", NG_LEARN_IMMEDIATE },
		{ "delayed", NG_LEARN_DELAYED },
		{ "heuristic", NG_LEARN_DEFAULT },
		{ "default", NG_LEARN_DEFAULT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (str_case_is(string_of(v), rows[i].name))
			p->args->endpoint_learning = rows[i].value;
	}
}

/*
 * Bare words of `rtpp-flags` that together make a transport, as Kamailio's own flag parser reads
 * them.
 */
enum transport_bit { BIT_SRTP = 1, BIT_AVPF = 2, BIT_DTLS = 4 };

static bool transport_word(struct parse *p, struct str word)
{
	static const struct {
		const char *name;
		unsigned int clear, set;
	} rows[] = {
		{ "RTP", BIT_SRTP, 0 },	 { "AVP", BIT_AVPF, 0 },  { "SRTP", 0, BIT_SRTP },
		{ "AVPF", 0, BIT_AVPF }, { "DTLS", 0, BIT_DTLS },
	};
	static const enum sdp_proto protos[8] = {
		SDP_PROTO_AVP,	    SDP_PROTO_SAVP,  SDP_PROTO_AVPF,	  SDP_PROTO_SAVPF,
		SDP_PROTO_TLS_SAVP, SDP_PROTO_OTHER, SDP_PROTO_TLS_SAVPF, SDP_PROTO_OTHER,
	};
	enum sdp_proto proto = sdp_proto_from(word);

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!str_is(word, rows[i].name))
			continue;
		p->transport_bits = (p->transport_bits & ~rows[i].clear) | rows[i].set;
		p->args->transport = protos[p->transport_bits];
		return true;
	}
	if (proto == SDP_PROTO_OTHER)
		return false;
	p->args->transport = proto;
	return true;
}

/* What `rtpp-flags` may hold: bare words as in `flags`, and the keys of the dictionary. */
static void rtpp_item(struct parse *p, const struct ng_item *it)
{
	if (!it->key.p) {
		if (!transport_word(p, it->value->s))
			flag_word(p, it->value->s);
		return;
	}
	if (str_is(it->key, "to-tag"))
		p->args->to_tag_given = true;
	set_key(p, it->key, it->value);
}

static void set_rtpp_flags(struct parse *p, const struct ng_value *v)
{
	const struct ng_value *items;

	if (v->type != NG_STR || p->inside_rtpp)
		return;
	items = ng_rtpp_parse(p->arena, v->s);
	if (!items) {
		p->no_memory = true;
		return;
	}
	p->rtpp = p->inside_rtpp = true;
	p->directions = 0; /* its first direction word is the from side again */
	for (const struct ng_item *it = items->first; it; it = it->next)
		rtpp_item(p, it);
	p->inside_rtpp = false;
}

static const struct key_row key_rows[] = {
	{ "call-id", set_call_id },
	{ "from-tag", set_from_tag },
	{ "to-tag", set_to_tag },
	{ "via-branch", set_via_branch },
	{ "sdp", set_sdp },
	{ "label", set_label },
	{ "metadata", set_metadata },
	{ "supports", set_supports },
	{ "received-from", set_received_from },
	{ "media-address", set_media_address },
	{ "address-family", set_address_family },
	{ "from-interface", set_from_interface },
	{ "to-interface", set_to_interface },
	{ "direction", set_direction },
	{ "transport-protocol", set_transport },
	{ "replace", set_replace },
	{ "rtcp-mux", set_rtcp_mux },
	{ "sdes", set_sdes },
	{ "osrtp", set_osrtp },
	{ "endpoint-learning", set_learning },
	{ "tos", set_tos },
	{ "delete-delay", set_delete_delay },
	{ "limit", set_limit },
	{ "flags", set_flags },
	{ "rtpp-flags", set_rtpp_flags },
};

static void set_key(struct parse *p, struct str name, const struct ng_value *v)
{
	char folded[NG_WORD_BYTES];

	if (!ng_word_fold(name, '-', folded))
		return;
	/* "via branch" selects no branch at the incumbent either: sdp-rewrite section 2.3 */
	if (strcmp(folded, "via-branch") == 0 && !str_is(name, "via-branch"))
		return;
	for (size_t i = 0; i < COUNT(key_rows); i++) {
		if (strcmp(key_rows[i].name, folded) == 0)
			key_rows[i].set(p, v);
	}
}

int ng_args_parse(struct arena *arena, const struct ng_value *dict, struct ng_args *out)
{
	struct parse p = { .arena = arena, .args = out };

	*out = (struct ng_args){ .tos = -1, .delete_delay_s = -1, .limit = -1 };
	for (const struct ng_item *it = dict->first; it; it = it->next) {
		p.directions = 0;
		set_key(&p, it->key, it->value);
	}
	/*
	 * Kamailio sends to-tag with a delete only when the script asked for it, and then without
	 * the flag; in rtpp-flags mode it always sends it, and the flag says whether it counts.
	 */
	if (out->to_tag.p && !p.rtpp)
		out->to_tag_given = true;
	return p.no_memory ? -ENOMEM : 0;
}
