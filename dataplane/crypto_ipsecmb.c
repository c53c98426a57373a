/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP by Intel's multi-buffer library, which does the same step of many packets at once (srtp_engine.h).
 * Thread: worker; engine_new also measures once, by the manager.
 *
 * Two of its managers are used for hashing: the widest that the CPU has, and the one with the SHA instructions, which is
 * the quicker one for few packets (and on some CPUs always). Which is better for how many is measured at start.
 */
#include "crypto_ipsecmb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rtpwire/bytes.h"

#define GCM_PREFETCH_BYTES 512u
#define SRTCP_E 0x80000000u
#define WIDTHS 7u /* bursts of 1, 2, 4 ... 64 packets */

/* The manager for so many hashes: measured once, then only read. */
static bool narrow_is_faster[WIDTHS];

static const struct mb_keys *keys_of(const struct srtp_packet *p)
{
	return mb_kind_keys(p->context, p->rtcp ? SRTP_RTCP : SRTP_RTP);
}

static const struct mb_cold_keys *cold_keys_of(const struct srtp_packet *p)
{
	return srtp_keys(p->context);
}

/* --- ciphers --- */

/* Runs the counter mode jobs gathered, all of one key length. */
static void run_counter(struct mb_engine *e, unsigned int n, unsigned int key_bytes)
{
	if (n)
		IMB_SUBMIT_CIPHER_BURST_NOCHECK(e->wide, e->jobs, n, IMB_CIPHER_CNTR,
						IMB_DIR_ENCRYPT, key_bytes);
}

static bool in_counter_mode(const struct srtp_packet *p, unsigned int key_bytes)
{
	const struct srtp_work *w = &p->work;

	return p->context->key_bytes == key_bytes && p->context->cipher == RW_SRTP_CIPHER_CM &&
	       w->ok && w->encrypted && w->body_bytes;
}

/* Counter mode over the bodies of all packets of this key length that want it. */
static void counter_bodies(struct mb_engine *e, struct srtp_packet **p, unsigned int count,
			   unsigned int key_bytes)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < count; i++)
		if (in_counter_mode(p[i], key_bytes))
			mb_counter_job(&e->jobs[n++], keys_of(p[i])->schedule, p[i]->work.iv,
				       p[i]->data + p[i]->work.body_at, p[i]->work.body_bytes);
	run_counter(e, n, key_bytes);
}

static void aes_block(IMB_MGR *m, const uint8_t *schedule, const uint8_t in[16], uint8_t out[16])
{
	static const uint8_t zero[16];

	IMB_AES128_CFB_ONE(m, out, zero, in, schedule, 16); /* E(in) XOR 0 */
}

/* AES in f8 mode, RFC 3711 section 4.1.2: each block of the key stream needs the one before. */
static void f8_body(struct mb_engine *e, struct srtp_packet *p)
{
	const struct mb_keys *k = keys_of(p);
	uint8_t *at = p->data + p->work.body_at;
	_Alignas(16) uint8_t first[16], stream[16] = { 0 };
	uint64_t counter = 0;

	aes_block(e->wide, cold_keys_of(p)->f8_schedule[p->rtcp], p->work.iv, first);
	for (unsigned int rest = p->work.body_bytes; rest; counter++) {
		unsigned int n = rest < 16 ? rest : 16;

		for (unsigned int i = 0; i < 16; i++)
			stream[i] ^= first[i];
		rw_store_be64(stream + 8, rw_load_be64(stream + 8) ^ counter);
		aes_block(e->wide, k->schedule, stream, stream);
		for (unsigned int i = 0; i < n; i++)
			*at++ ^= stream[i];
		rest -= n;
	}
}

/* One pass for each cipher and key length that the batch has: nearly always one. */
static void cipher_bodies(struct mb_engine *e, struct srtp_packet **p, unsigned int count)
{
	unsigned int sizes = 0; /* bit n: counter mode with keys of 8 n bytes */

	for (unsigned int i = 0; i < count; i++) {
		const struct srtp_context *c = p[i]->context;

		if (c->cipher == RW_SRTP_CIPHER_CM)
			sizes |= 1u << c->key_bytes / 8;
		else if (c->cipher == RW_SRTP_CIPHER_F8 && p[i]->work.ok && p[i]->work.encrypted)
			f8_body(e, p[i]);
	}
	for (unsigned int key_bytes = 16; key_bytes <= 32; key_bytes += 8)
		if (sizes & 1u << key_bytes / 8)
			counter_bodies(e, p, count, key_bytes);
}

/* --- hashes --- */

static unsigned int width_of(unsigned int n)
{
	unsigned int width = 0;

	while (width + 1 < WIDTHS && 1u << (width + 1) <= n)
		width++;
	return width;
}

static void hash_job(IMB_JOB *j, const struct mb_keys *k, const uint8_t *data, uint64_t bytes,
		     uint8_t *tag)
{
	j->src = data;
	j->hash_start_src_offset_in_bytes = 0;
	j->msg_len_to_hash_in_bytes = bytes;
	j->auth_tag_output = tag;
	j->auth_tag_output_len_in_bytes = 12; /* as the library likes it; we take 10 or 4 of them */
	j->u.HMAC._hashed_auth_key_xor_ipad = k->ipad;
	j->u.HMAC._hashed_auth_key_xor_opad = k->opad;
}

static void run_hashes(struct mb_engine *e, unsigned int n)
{
	IMB_MGR *m = narrow_is_faster[width_of(n)] ? e->narrow : e->wide;

	if (n)
		IMB_SUBMIT_HASH_BURST_NOCHECK(m, e->jobs, n, IMB_AUTH_HMAC_SHA_1);
}

/* What stands between the body of SRTCP and its MKI, RFC 3711 section 3.4. */
static uint32_t srtcp_word(const struct srtp_work *w)
{
	return (uint32_t)w->index | (w->encrypted ? SRTCP_E : 0);
}

static bool is_hashed(const struct srtp_packet *p)
{
	return p->context->cipher != RW_SRTP_CIPHER_GCM && p->work.authenticated;
}

/*
 * HMAC of every packet that has one, into e->tags in order. auth_bytes of a packet are followed by four bytes that are
 * hashed too: the ROC, which is not sent and stands where the trailer was or will be, or E and SRTCP index.
 */
static void hash_packets(struct mb_engine *e, struct srtp_packet **p, unsigned int count)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct srtp_work *w = &p[i]->work;
		uint32_t bytes = (uint32_t)w->body_at + w->body_bytes;

		if (!is_hashed(p[i]))
			continue;
		memcpy(e->under[n], p[i]->data + bytes, 4);
		rw_store_be32(p[i]->data + bytes,
			      p[i]->rtcp ? srtcp_word(w) : (uint32_t)(w->index >> 16));
		hash_job(&e->jobs[n], keys_of(p[i]), p[i]->data, bytes + 4, e->tags[n]);
		n++;
	}
	run_hashes(e, n);
}

/* In constant time: how many bytes were right is nobody's business. */
static bool tags_equal(const uint8_t *a, const uint8_t *b, unsigned int bytes)
{
	uint8_t differ = 0;

	for (unsigned int i = 0; i < bytes; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

/* --- GCM --- */

static void gcm_run(struct mb_engine *e, const struct srtp_packet *p, bool encrypt,
		    const uint8_t *aad, unsigned int aad_bytes, unsigned int text_bytes,
		    uint8_t *tag)
{
	const struct gcm_key_data *k = &cold_keys_of(p)->gcm[p->rtcp];
	uint8_t *text = p->data + p->work.body_at;
	bool long_key = p->context->key_bytes == 32;

	if (long_key && encrypt)
		IMB_AES256_GCM_ENC(e->wide, k, &e->gcm, text, text, text_bytes, p->work.iv, aad,
				   aad_bytes, tag, 16);
	else if (long_key)
		IMB_AES256_GCM_DEC(e->wide, k, &e->gcm, text, text, text_bytes, p->work.iv, aad,
				   aad_bytes, tag, 16);
	else if (encrypt)
		IMB_AES128_GCM_ENC(e->wide, k, &e->gcm, text, text, text_bytes, p->work.iv, aad,
				   aad_bytes, tag, 16);
	else
		IMB_AES128_GCM_DEC(e->wide, k, &e->gcm, text, text, text_bytes, p->work.iv, aad,
				   aad_bytes, tag, 16);
}

/*
 * RFC 7714 sections 8.2, 9.2, 9.3. Associated data are the header, and of SRTCP also E and index; of a body that is not
 * encrypted all of it. Those of SRTCP are brought together behind the body, where the trailer was or will be.
 */
static void gcm_packet(struct mb_engine *e, struct srtp_packet *p, bool encrypt, uint8_t tag[16])
{
	const struct srtp_work *w = &p->work;
	unsigned int plain = w->encrypted ? w->body_at : (unsigned int)w->body_at + w->body_bytes;
	unsigned int text_bytes = w->encrypted ? w->body_bytes : 0;
	uint8_t short_aad[12], word[4];

	rw_store_be32(word, srtcp_word(w));
	if (!p->rtcp) {
		gcm_run(e, p, encrypt, p->data, plain, text_bytes, tag);
	} else if (w->encrypted) {
		memcpy(short_aad, p->data, 8);
		memcpy(short_aad + 8, word, 4);
		gcm_run(e, p, encrypt, short_aad, sizeof(short_aad), text_bytes, tag);
	} else {
		memcpy(e->under[0], p->data + plain, 4);
		memcpy(p->data + plain, word, 4);
		gcm_run(e, p, encrypt, p->data, plain + 4, 0, tag);
		memcpy(p->data + plain, e->under[0], 4);
	}
}

/* Keys of GCM are not where those of other ciphers are, srtp.c has not asked for them. */
static void prefetch_gcm(struct srtp_packet **p, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const uint8_t *k = (const uint8_t *)&cold_keys_of(p[i])->gcm[p[i]->rtcp];

		if (p[i]->context->cipher != RW_SRTP_CIPHER_GCM)
			continue;
		for (unsigned int at = 0; at < GCM_PREFETCH_BYTES; at += 64)
			__builtin_prefetch(k + at);
	}
}

static void gcm_open(struct mb_engine *e, struct srtp_packet *p)
{
	struct srtp_work *w = &p->work;
	uint8_t tag[16];

	gcm_packet(e, p, false, tag);
	w->ok = tags_equal(tag, w->tag, w->tag_bytes);
	/* the same key stream over it once more brings back what was received */
	if (!w->ok && w->keep && w->encrypted)
		gcm_packet(e, p, true, tag);
}

/* --- the batch --- */

/* Behind the body; RFC 3711 sections 3.1 and 3.4, for GCM RFC 7714 sections 8 and 9. */
static void put_trailer(struct srtp_packet *p, const uint8_t *tag)
{
	const struct srtp_context *c = p->context;
	uint8_t *at = p->data + p->work.body_at + p->work.body_bytes;
	bool tag_first = c->cipher == RW_SRTP_CIPHER_GCM;

	if (tag_first) {
		memcpy(at, tag, p->work.tag_bytes);
		at += p->work.tag_bytes;
	}
	if (p->rtcp) {
		rw_store_be32(at, srtcp_word(&p->work));
		at += 4;
	}
	srtp_layout_put_mki(c, at);
	at += c->mki_bytes;
	if (!tag_first && p->work.tag_bytes) {
		memcpy(at, tag, p->work.tag_bytes);
		at += p->work.tag_bytes;
	}
	p->len_bytes = (uint16_t)(at - p->data);
}

static void mb_seal(void *engine, struct srtp_packet **p, unsigned int count)
{
	struct mb_engine *e = engine;
	unsigned int hashed = 0;
	uint8_t tag[16];

	prefetch_gcm(p, count);
	cipher_bodies(e, p, count);
	hash_packets(e, p, count);
	for (unsigned int i = 0; i < count; i++) {
		if (p[i]->context->cipher == RW_SRTP_CIPHER_GCM) {
			gcm_packet(e, p[i], true, tag);
			put_trailer(p[i], tag);
		} else {
			put_trailer(p[i], e->tags[hashed]);
			hashed += is_hashed(p[i]);
		}
	}
}

/* True when the tag is right. A packet that may be tried again gets back what the ROC has overwritten. */
static bool hash_verify(const struct srtp_packet *p, const uint8_t *tag, const uint8_t *under)
{
	const struct srtp_work *w = &p->work;
	bool ok = tags_equal(tag, w->tag, w->tag_bytes);

	if (!ok && w->keep)
		memcpy(p->data + w->body_at + w->body_bytes, under, 4);
	return ok;
}

static void mb_open(void *engine, struct srtp_packet **p, unsigned int count)
{
	struct mb_engine *e = engine;
	unsigned int hashed = 0;

	prefetch_gcm(p, count);
	hash_packets(e, p, count);
	for (unsigned int i = 0; i < count; i++) {
		struct srtp_work *w = &p[i]->work;

		if (p[i]->context->cipher == RW_SRTP_CIPHER_GCM) {
			gcm_open(e, p[i]);
		} else if (is_hashed(p[i])) {
			w->ok = hash_verify(p[i], e->tags[hashed], e->under[hashed]);
			hashed++;
		} else {
			w->ok = true;
		}
	}
	cipher_bodies(e, p, count);
	for (unsigned int i = 0; i < count; i++)
		if (p[i]->work.ok)
			p[i]->len_bytes = p[i]->work.body_at + p[i]->work.body_bytes;
}

/* --- the engine --- */

static void mb_context_close(void *engine, struct srtp_context *c)
{
	(void)engine;
	(void)c;
}

static void mb_stream_close(void *engine, struct srtp_context *c, enum srtp_kind kind,
			    uint32_t ssrc)
{
	(void)engine;
	(void)c;
	(void)kind;
	(void)ssrc;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Quickest of some rounds of n hashes of a G.711 packet. */
static double time_hashes(struct mb_engine *e, IMB_MGR *m, unsigned int n)
{
	static const uint8_t packet[192];
	static const struct mb_keys k;
	double best = 1;

	for (unsigned int round = 0; round < 40; round++) {
		double start = seconds(), took;

		for (unsigned int i = 0; i < n; i++)
			hash_job(&e->jobs[i], &k, packet, 176, e->tags[i]);
		IMB_SUBMIT_HASH_BURST_NOCHECK(m, e->jobs, n, IMB_AUTH_HMAC_SHA_1);
		took = seconds() - start;
		if (took < best)
			best = took;
	}
	return best;
}

static void choose_managers(struct mb_engine *e)
{
	static bool chosen;

	for (unsigned int width = 0; !chosen && width < WIDTHS; width++)
		narrow_is_faster[width] = time_hashes(e, e->narrow, 1u << width) <
					  time_hashes(e, e->wide, 1u << width);
	chosen = true;
}

static void describe(struct mb_engine *e)
{
	static const char *const archs[] = { "none", "no AES-NI", "SSE", "AVX", "AVX2", "AVX512" };
	unsigned int arch = e->wide->used_arch;
	unsigned int last = 0;

	while (last < WIDTHS && narrow_is_faster[last])
		last++;
	snprintf(e->details, sizeof(e->details), "%s%s%s%s",
		 arch < sizeof(archs) / sizeof(archs[0]) ? archs[arch] : "other",
		 e->wide->features & IMB_FEATURE_VAES ? ", VAES" : "",
		 e->wide->features & IMB_FEATURE_SHANI ? ", SHA-NI" : "",
		 last == WIDTHS ? " (for all hashes)" : "");
}

static void mb_engine_free(void *engine)
{
	struct mb_engine *e = engine;

	if (e->wide)
		free_mb_mgr(e->wide);
	if (e->narrow)
		free_mb_mgr(e->narrow);
	explicit_bzero(e, sizeof(*e));
	free(e);
}

static int mb_engine_new(void **out)
{
	struct mb_engine *e = aligned_alloc(64, (sizeof(*e) + 63) / 64 * 64);
	IMB_ARCH arch;

	if (!e)
		return -ENOMEM;
	memset(e, 0, sizeof(*e));
	e->wide = alloc_mb_mgr(0);
	e->narrow = alloc_mb_mgr(0);
	if (!e->wide || !e->narrow) {
		mb_engine_free(e);
		return -ENOMEM;
	}
	init_mb_mgr_auto(e->wide, &arch);
	init_mb_mgr_sse(e->narrow);
	if (imb_get_errno(e->wide) || imb_get_errno(e->narrow)) {
		mb_engine_free(e);
		return -ENOTSUP;
	}
	choose_managers(e);
	describe(e);
	*out = e;
	return 0;
}

static const char *mb_details(void *engine)
{
	const struct mb_engine *e = engine;

	return e->details;
}

/* All suites, on a CPU with AES instructions; without them the library falls back to something slow. */
static uint32_t mb_suites(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul")
		       ? (1u << RW_SRTP_SUITE_MAX) - 2
		       : 0;
}

const struct srtp_engine_ops srtp_ipsec_mb = {
	.name = "ipsec-mb",
	.hot_bytes = sizeof(struct mb_keys),
	.keys_bytes = sizeof(struct mb_cold_keys),
	.engine_new = mb_engine_new,
	.engine_free = mb_engine_free,
	.details = mb_details,
	.suites = mb_suites,
	.context_open = mb_context_open,
	.context_close = mb_context_close,
	.stream_close = mb_stream_close,
	.seal = mb_seal,
	.open = mb_open,
};
