/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments in the spellings that proxies use (ng-protocol section 3, sdp-rewrite sections 2 to
 * 7). Each row is a request and the same request's reading, printed; what is not printed has its
 * default.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "json.h"
#include "ng_args.h"

static size_t put(char *out, size_t n, const char *name, struct str s)
{
	return s.p ? (size_t)sprintf(out + n, "%s=%.*s ", name, STR_FMT(s)) : 0;
}

static size_t put_bits(char *out, size_t n, const struct ng_args *a)
{
	const struct {
		const char *name;
		bool set;
	} rows[] = {
		{ "load-limit", a->supports_load_limit },
		{ "rf", a->has_received_from },
		{ "rf-bad", a->received_from_bad },
		{ "tp-accept", a->transport_accept },
		{ "r-origin", a->replace_origin },
		{ "r-full", a->replace_origin_full },
		{ "r-user", a->replace_username },
		{ "r-name", a->replace_session_name },
		{ "r-version", a->replace_sdp_version },
		{ "r-force", a->replace_force_increment },
		{ "r-zero", a->replace_zero_address },
		{ "no-rtcp", a->no_rtcp_attribute },
		{ "full-rtcp", a->full_rtcp_attribute },
		{ "sip-source", a->sip_source_address },
		{ "trust", a->trust_address },
		{ "asymmetric", a->asymmetric },
		{ "strict", a->strict_source },
		{ "handover", a->media_handover },
		{ "latching", a->port_latching },
		{ "no-latching", a->no_port_latching },
		{ "loop", a->loop_protect },
		{ "original", a->original_sendrecv },
		{ "fragment", a->fragment },
		{ "reset", a->reset },
		{ "pass-unknown", a->pass_unknown },
		{ "tt", a->to_tag_given },
		{ "fast", a->fast },
		{ "fatal", a->fatal },
		{ "all", a->all },
		{ "provisional", a->provisional },
		{ "new-branch", a->new_branch },
		{ "limit-bad", a->limit_bad },
		{ "s-off", a->sdes.off },
		{ "s-nonew", a->sdes.no_new },
		{ "s-pad", a->sdes.pad },
		{ "s-lifetime", a->sdes.lifetime },
		{ "s-static", a->sdes.keep_suite },
		{ "s-only", a->sdes.has_only },
	};
	size_t start = n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].set)
			n += (size_t)sprintf(out + n, "%s ", rows[i].name);
	}
	return n - start;
}

static size_t put_list(char *out, size_t n, const char *name, const struct ng_sdes_list *l)
{
	size_t start = n;
	char word[32];

	for (unsigned int i = 0; i < l->count; i++) {
		int bytes = snprintf(word, sizeof(word), "%s%u ", i ? "" : name, l->suites[i]);

		memcpy(out + n, word, (size_t)bytes);
		n += (size_t)bytes;
	}
	return n - start;
}

static size_t put_sdes(char *out, size_t n, const struct ng_args *a)
{
	size_t start = n;

	if (a->sdes.no || a->sdes.only)
		n += (size_t)sprintf(out + n, "no=%x only=%x ", a->sdes.no, a->sdes.only);
	if (a->sdes.add || a->sdes.remove)
		n += (size_t)sprintf(out + n, "add=%x remove=%x ", a->sdes.add, a->sdes.remove);
	n += put_list(out, n, "order=", &a->sdes.order);
	n += put_list(out, n, "pref=", &a->sdes.preferred);
	if (a->osrtp)
		n += (size_t)sprintf(out + n, "osrtp=%x ", a->osrtp);
	return n - start;
}

/* All that is not at its default, in the order of the struct. */
static void print(const struct ng_args *a, char *out)
{
	char ip[RW_IP_TEXT];
	size_t n = 0;

	n += put(out, n, "call", a->call_id);
	n += put(out, n, "from", a->from_tag);
	n += put(out, n, "to", a->to_tag);
	n += put(out, n, "via", a->via_branch);
	n += put(out, n, "sdp", a->sdp);
	n += put(out, n, "label", a->label);
	n += put(out, n, "fi", a->from_interface);
	n += put(out, n, "ti", a->to_interface);
	n += put(out, n, "meta", a->metadata);
	if (a->received_from.family)
		n += put(out, n, "addr", str_from(rw_ip_text(&a->received_from, ip)));
	if (a->has_media_address)
		n += put(out, n, "ma", str_from(rw_ip_text(&a->media_address, ip)));
	if (a->address_family)
		n += (size_t)sprintf(out + n, "af=%d ", a->address_family);
	if (a->transport)
		n += (size_t)sprintf(out + n, "tp=%s ", sdp_proto_text(a->transport));
	if (a->rtcp_mux)
		n += (size_t)sprintf(out + n, "mux=%u ", a->rtcp_mux);
	if (a->endpoint_learning)
		n += (size_t)sprintf(out + n, "learn=%d ", a->endpoint_learning);
	if (a->tos != -1)
		n += (size_t)sprintf(out + n, "tos=%d ", a->tos);
	if (a->delete_delay_s != -1)
		n += (size_t)sprintf(out + n, "dd=%d ", a->delete_delay_s);
	if (a->limit != -1)
		n += (size_t)sprintf(out + n, "limit=%d ", (int)a->limit);
	n += put_bits(out, n, a);
	n += put_sdes(out, n, a);
	if (n)
		n--;
	out[n] = '\0';
}

static const struct {
	const char *request; /* JSON, with ' for " */
	const char *reading;
} rows[] = {
	{ "{}", "" },
	/* SDES and OSRTP */
	{ "{'SDES':'off'}", "s-off" },
	{ "{'sdes':['no']}", "s-off" },
	{ "{'flags':['SDES-disable','SDES_pad','sdes lifetime']}", "s-off s-pad s-lifetime" },
	{ "{'flags':['pad crypto']}", "s-pad" },
	{ "{'flags':['pad_crypto','SDES','SDES-','OSRTP-','SDES-x']}", "s-pad" },
	{ "{'SDES':'nonew, static,foo,prefer,authenticated_srtp'}",
	  "s-nonew s-static add=0 remove=4" },
	{ "{'SDES':['no-AEAD_AES_256_GCM','no-FOO','NO-null-hmac-sha1-32']}", "no=1003 only=0" },
	{ "{'SDES':['only-FOO']}", "s-only no=0 only=1" },
	{ "{'flags':['SDES-only-AES CM 128 HMAC SHA1 80']}", "s-only no=0 only=80" },
	{ "{'SDES':['UNENCRYPTED_SRTP','unencrypted-srtcp','encrypted_srtp']}", "add=3 remove=1" },
	{ "{'rtpp-flags':'SDES-order:AES_CM_128_HMAC_SHA1_80;FOO;;NULL_HMAC_SHA1_80 '"
	  "}",
	  "order=7 11" },
	{ "{'flags':['SDES-order:NULL_HMAC_SHA1_32;NULL_HMAC_SHA1_80;F8_128_HMAC_SHA1_80;']}",
	  "order=12 11 9" },
	{ "{'rtpp-flags':'SDES=[offerer_pref:F8_128_HMAC_SHA1_32 off]'}", "s-off pref=10" },
	{ "{'SDES':{'off':1}}", "" },
	{ "{'SDES':7}", "" },
	{ "{'OSRTP':'offer'}", "osrtp=1" },
	{ "{'OSRTP':['offer-RFC','accept_legacy','x']}", "osrtp=9" },
	{ "{'flags':['OSRTP-offer-legacy','OSRTP-accept-rfc','osrtp accept']}", "osrtp=6" },
	{ "{'DTLS':'off'}", "" },
	/* base keys */
	{ "{'call-id':'c','from-tag':'f','to-tag':'t','sdp':'v=0','label':'L','metadata':'m'}",
	  "call=c from=f to=t sdp=v=0 label=L meta=m tt" },
	{ "{'call_id':'','from tag':''}", "call= from=" },
	{ "{'call-id':7}", "" },
	{ "{'via-branch':'z9'}", "via=z9" },
	{ "{'via branch':'z9','via_branch':'z8'}", "" },
	{ "{'supports':['x','load limit']}", "load-limit" },
	{ "{'to-tag':'t','rtpp-flags':''}", "to=t" },
	{ "{'to-tag':'t','rtpp-flags':'to-tag'}", "to=t tt" },
	{ "{'to-tag':'t','rtpp-flags':'to-tag=u'}", "to=u tt" },
	{ "{'flags':['to-tag']}", "tt" },
	/* flags */
	{ "{'flags':['trust-address','trust-address','typo','ICE=force']}", "trust" },
	{ "{'flags':['SIP source address','sip_source-address']}", "sip-source" },
	{ "{'flags':['asymmetric','strict-source','media handover','port latching',"
	  "'no-port-latching','loop-protect','original sendrecv','fragment','reset']}",
	  "asymmetric strict handover latching no-latching loop original fragment reset" },
	{ "{'flags':['fast','fatal','all','provisional','new-branch','pass-unknown']}",
	  "pass-unknown fast fatal all provisional new-branch" },
	{ "{'flags':'strict-source'}", "strict" },
	{ "{'flags':'strict source, media-handover'}", "strict handover" },
	{ "{'flags':'strict-source media-handover'}", "" }, /* blanks do not split */
	{ "{'flags':['symmetric','direction=x','label=y']}", "" },
	{ "{'flags':{'fast':1}}", "" },
	{ "{'flags':[1,['fast'],'fast']}", "fast" },
	{ "{'flags':['no-rtcp-attribute','full rtcp attribute']}", "no-rtcp full-rtcp" },
	{ "{'flags':['replace-origin','replace-SDP-version','rtcp-mux-require']}",
	  "mux=3 r-origin r-version" },
	{ "{'flags':['internal','external']}", "fi=internal ti=external" },
	/* lists */
	{ "{'replace':['origin','session connection','username','session-name','zero address']}",
	  "r-origin r-user r-name r-zero" },
	{ "{'replace':['origin-full']}", "r-origin r-full r-version" },
	{ "{'replace':'SDP version'}", "r-version" },
	{ "{'replace':'origin,force-increment-sdp-ver'}", "r-origin r-force" },
	{ "{'rtcp-mux':['offer','accept']}", "mux=9" },
	{ "{'rtcp_mux':'demux, reject'}", "mux=20" },
	{ "{'rtcp mux':['what']}", "" },
	/* interfaces */
	{ "{'direction':['pub','priv']}", "fi=pub ti=priv" },
	{ "{'direction':['pub']}", "fi=pub" },
	{ "{'direction':'pub,priv,more'}", "fi=pub ti=priv" },
	{ "{'direction':['pub','priv'],'from-interface':'x','to interface':'y'}", "fi=x ti=y" },
	{ "{'interface':'x'}", "" },
	/* addresses */
	{ "{'received-from':['IP4','192.0.2.1']}", "addr=192.0.2.1 rf" },
	{ "{'received from':['IP6','2001:db8::1']}", "addr=2001:db8::1 rf" },
	{ "{'received-from':['IP6','[2001:db8::1]']}", "addr=2001:db8::1 rf" },
	{ "{'received-from':['?','192.0.2.1']}", "addr=192.0.2.1 rf" },
	{ "{'received-from':['?','']}", "rf rf-bad" },
	{ "{'received-from':['IP4','2001:db8::1']}", "rf rf-bad" },
	{ "{'received-from':['IP4','host']}", "rf rf-bad" },
	{ "{'received-from':['192.0.2.1']}", "addr=192.0.2.1 rf" },
	{ "{'received-from':[1,2]}", "rf rf-bad" },
	{ "{'received-from':'IP4 192.0.2.1'}", "addr=192.0.2.1 rf" },
	{ "{'received-from':'192.0.2.1'}", "addr=192.0.2.1 rf" },
	{ "{'received-from':[]}", "" },
	{ "{'received-from':''}", "" },
	{ "{'media-address':'192.0.2.9'}", "ma=192.0.2.9" },
	{ "{'media_address':'2001:db8::9'}", "ma=2001:db8::9" },
	{ "{'media address':'host'}", "" },
	{ "{'media address':'192.0.2.9\\u0000'}", "" },
	{ "{'address family':'IP4'}", "af=1" },
	{ "{'address-family':'IP6'}", "af=2" },
	{ "{'address-family':'ip6'}", "" },
	{ "{'address-family':' IP6'}", "" },
	/* transport */
	{ "{'transport protocol':'RTP/AVPF'}", "tp=RTP/AVPF" },
	{ "{'transport-protocol':'rtp/avp'}", "tp=RTP/AVP" },
	{ "{'transport-protocol':'UDPTL'}", "tp=udptl" },
	{ "{'transport-protocol':'FOO/BAR'}", "" },
	{ "{'transport-protocol':'accept'}", "tp-accept" },
	/* numbers */
	{ "{'TOS':184}", "tos=184" },
	{ "{'TOS':'0'}", "tos=0" },
	{ "{'tos':256}", "" },
	{ "{'TOS':'x'}", "" },
	{ "{'delete delay':5,'delete-delay':'5'}", "dd=5" },
	{ "{'delete-delay':'0'}", "dd=0" },
	{ "{'delete-delay':-1}", "" },
	{ "{'delete-delay':99999999999}", "dd=2147483647" },
	{ "{'limit':0}", "limit=0" },
	{ "{'limit':'12'}", "limit=12" },
	{ "{'limit':-1}", "limit-bad" },
	{ "{'limit':'many'}", "limit-bad" },
	{ "{'endpoint-learning':'off'}", "learn=1" },
	{ "{'endpoint learning':'immediate'}", "learn=2" },
	{ "{'endpoint_learning':'delayed'}", "learn=3" },
	{ "{'endpoint-learning':'heuristic'}", "" },
	/* rtpp-flags */
	{ "{'rtpp-flags':'trust-address replace-origin RTP/AVP ICE=remove'}",
	  "tp=RTP/AVP r-origin trust" },
	{ "{'rtpp_flags':' strict-source  media-handover '}", "strict handover" },
	{ "{'rtpp flags':'replace=[origin username] rtcp-mux=[offer]'}", "mux=1 r-origin r-user" },
	{ "{'rtpp-flags':'codec=[strip=[PCMA speex] offer=[PCMU]] asymmetric'}", "asymmetric" },
	{ "{'rtpp-flags':'direction=pub direction=priv'}", "fi=pub ti=priv" },
	{ "{'rtpp-flags':'direction=[pub priv]'}", "fi=pub ti=priv" },
	{ "{'rtpp-flags':'external internal'}", "fi=external ti=internal" },
	{ "{'direction':['a','b'],'rtpp-flags':'direction=c direction=d'}", "fi=c ti=d" },
	{ "{'address-family':'IP4','rtpp-flags':'address-family=IP6'}", "af=2" },
	{ "{'rtpp-flags':'media-address=192.0.2.9 TOS=32 label=x delete-delay=3'}",
	  "label=x ma=192.0.2.9 tos=32 dd=3" },
	{ "{'rtpp-flags':'received-from=[IP4 192.0.2.1] call-id=c from-tag=f'}",
	  "call=c from=f addr=192.0.2.1 rf" },
	{ "{'rtpp-flags':'via-branch=z9'}", "via=z9" },
	{ "{'rtpp-flags':'RTP AVPF'}", "tp=RTP/AVPF" },
	{ "{'rtpp-flags':'SRTP AVPF'}", "tp=RTP/SAVPF" },
	{ "{'rtpp-flags':'DTLS AVPF'}", "tp=UDP/TLS/RTP/SAVPF" },
	{ "{'rtpp-flags':'SRTP DTLS'}", "" },
	{ "{'rtpp-flags':'replace=[origin asymmetric'}", "r-origin" },
	{ "{'rtpp-flags':'] = == =x x=[[[ []'}", "" },
	{ "{'rtpp-flags':'rtpp_flags=fast rtpp-flags=[fast]'}", "" },
	{ "{'rtpp-flags':['fast']}", "" },
	{ "{'rtpp-flags':'flags=fast'}", "fast" },
};

static const struct ng_value *request(struct arena *a, const char *text)
{
	struct str copy = arena_str(a, str_from(text));
	const struct ng_value *dict = NULL;

	for (size_t i = 0; i < copy.n; i++) {
		if (copy.p[i] == '\'')
			((char *)copy.p)[i] = '"';
	}
	assert_int_equal(json_decode(a, copy, &dict), 0);
	return dict;
}

static void every_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new();
		struct ng_args args;
		char text[1024];

		assert_int_equal(ng_args_parse(a, request(a, rows[i].request), &args), 0);
		print(&args, text);
		assert_string_equal(text, rows[i].reading);
		arena_free(a);
	}
}

static void memory_may_run_out_anywhere(void **state)
{
	unsigned long n = 0;
	struct ng_args args;
	int rc;

	(void)state;
	do {
		struct arena *a = arena_new();
		const struct ng_value *dict = request(
			a, "{'rtpp-flags':'fast replace=[origin username] codec=[strip=[a]]'}");

		arena_fail_after(++n);
		rc = ng_args_parse(a, dict, &args);
		arena_fail_after(0);
		assert_true(rc == 0 || rc == -ENOMEM);
		arena_free(a);
	} while (rc);
	assert_true(args.fast && args.replace_origin && args.replace_username);
	assert_in_range(n, 10, 20);
}

/* A name that holds itself, and brackets beyond any sense: no deep recursion. */
static void hostile_strings(void **state)
{
	enum { N = 200000 };
	struct arena *a = arena_new();
	struct ng_value *dict = ng_dict(a);
	char *text = arena_alloc(a, N);
	struct ng_args args;

	(void)state;
	for (size_t i = 0; i + 11 <= N; i += 11)
		memcpy(text + i, "rtpp_flags=", 11);
	ng_put_str(a, dict, "rtpp-flags", (struct str){ text, N });
	assert_int_equal(ng_args_parse(a, dict, &args), 0);
	memset(text, '[', N);
	memcpy(text, "a=", 2);
	assert_int_equal(ng_args_parse(a, dict, &args), 0);
	for (size_t i = 0; i < N; i += 2)
		memcpy(text + i, "a=", 2);
	assert_int_equal(ng_args_parse(a, dict, &args), 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling),
		cmocka_unit_test(memory_may_run_out_anywhere),
		cmocka_unit_test(hostile_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
