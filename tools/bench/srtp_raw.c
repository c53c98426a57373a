/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Subject: the bursts of ipsec-mb that a packet cannot do without, and nothing else: no index, no window, no look at
 * packets (srtp_subject.h). What our engine takes more is the price of SRTP's rules. Program's only thread.
 */
#include "srtp_subject.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <intel-ipsec-mb.h>

#include "rtpwire/clock.h"
#include "rtpwire/demux.h"

struct raw_key {
	union {
		struct {
			_Alignas(64) uint8_t ipad[32];
			uint8_t opad[32];
			_Alignas(16) uint8_t schedule[16 * 15];
		};
		struct gcm_key_data gcm;
	};
};

struct raw {
	enum srtp_direction direction;
	enum rw_srtp_cipher cipher;
	unsigned int key_bytes, payload_bytes;
	IMB_MGR *wide, *narrow;
	IMB_MGR *hashing[SRTP_BATCH_MAX + 1]; /* the quicker one for so many */
	struct raw_key *keys;
	size_t key_stride;
	struct gcm_context_data gcm;
	_Alignas(16) uint8_t iv[16];
	uint8_t tags[SRTP_BATCH_MAX][32];
	IMB_JOB jobs[SRTP_BATCH_MAX];
};

static struct raw_key *key_at(const struct raw *r, uint32_t context)
{
	return (struct raw_key *)((uint8_t *)r->keys + context * r->key_stride);
}

static void make_key(struct raw *r, const uint8_t *key, struct raw_key *k)
{
	_Alignas(16) uint8_t decrypting[16 * 15], block[64] = { 0x36 };

	if (r->cipher == RW_SRTP_CIPHER_GCM && r->key_bytes == 32) {
		IMB_AES256_GCM_PRE(r->wide, key, &k->gcm);
	} else if (r->cipher == RW_SRTP_CIPHER_GCM) {
		IMB_AES128_GCM_PRE(r->wide, key, &k->gcm);
	} else {
		if (r->key_bytes == 32)
			IMB_AES_KEYEXP_256(r->wide, key, k->schedule, decrypting);
		else if (r->key_bytes == 24)
			IMB_AES_KEYEXP_192(r->wide, key, k->schedule, decrypting);
		else
			IMB_AES_KEYEXP_128(r->wide, key, k->schedule, decrypting);
		IMB_SHA1_ONE_BLOCK(r->wide, block, k->ipad);
		IMB_SHA1_ONE_BLOCK(r->wide, block, k->opad);
	}
}

static void hash(struct raw *r, IMB_MGR *m, const struct ring_packet *packets, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct raw_key *k = key_at(r, packets[i].context);
		IMB_JOB *j = &r->jobs[i];

		j->src = packets[i].data;
		j->hash_start_src_offset_in_bytes = 0;
		j->msg_len_to_hash_in_bytes = RW_RTP_HEADER_BYTES + r->payload_bytes + 4;
		j->auth_tag_output = r->tags[i];
		j->auth_tag_output_len_in_bytes = 12;
		j->u.HMAC._hashed_auth_key_xor_ipad = k->ipad;
		j->u.HMAC._hashed_auth_key_xor_opad = k->opad;
	}
	IMB_SUBMIT_HASH_BURST_NOCHECK(m, r->jobs, count, IMB_AUTH_HMAC_SHA_1);
}

static void encipher(struct raw *r, const struct ring_packet *packets, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct raw_key *k = key_at(r, packets[i].context);
		IMB_JOB *j = &r->jobs[i];

		j->enc_keys = j->dec_keys = k->schedule;
		j->src = packets[i].data;
		j->dst = packets[i].data + RW_RTP_HEADER_BYTES;
		j->cipher_start_src_offset_in_bytes = RW_RTP_HEADER_BYTES;
		j->msg_len_to_cipher_in_bytes = r->payload_bytes;
		j->iv = r->iv;
		j->iv_len_in_bytes = 16;
	}
	IMB_SUBMIT_CIPHER_BURST_NOCHECK(r->wide, r->jobs, count, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
					r->key_bytes);
}

static void gcm(struct raw *r, const struct ring_packet *p)
{
	const struct gcm_key_data *k = &key_at(r, p->context)->gcm;
	uint8_t *text = p->data + RW_RTP_HEADER_BYTES;

	if (r->key_bytes == 32 && r->direction == SRTP_SEND)
		IMB_AES256_GCM_ENC(r->wide, k, &r->gcm, text, text, r->payload_bytes, r->iv,
				   p->data, RW_RTP_HEADER_BYTES, r->tags[0], 16);
	else if (r->key_bytes == 32)
		IMB_AES256_GCM_DEC(r->wide, k, &r->gcm, text, text, r->payload_bytes, r->iv,
				   p->data, RW_RTP_HEADER_BYTES, r->tags[0], 16);
	else if (r->direction == SRTP_SEND)
		IMB_AES128_GCM_ENC(r->wide, k, &r->gcm, text, text, r->payload_bytes, r->iv,
				   p->data, RW_RTP_HEADER_BYTES, r->tags[0], 16);
	else
		IMB_AES128_GCM_DEC(r->wide, k, &r->gcm, text, text, r->payload_bytes, r->iv,
				   p->data, RW_RTP_HEADER_BYTES, r->tags[0], 16);
}

static bool run(void *subject, const struct ring_packet *packets, unsigned int count)
{
	struct raw *r = subject;

	if (r->cipher == RW_SRTP_CIPHER_GCM) {
		for (unsigned int i = 0; i < count; i++)
			gcm(r, &packets[i]);
	} else if (r->direction == SRTP_SEND) {
		encipher(r, packets, count);
		hash(r, r->hashing[count], packets, count);
	} else {
		hash(r, r->hashing[count], packets, count);
		encipher(r, packets, count);
	}
	return true;
}

static uint64_t time_hash(struct raw *r, IMB_MGR *m, unsigned int count)
{
	static uint8_t data[RW_RTP_HEADER_BYTES + PAYLOAD_MAX + 4];
	static struct ring_packet packets[SRTP_BATCH_MAX];
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i < SRTP_BATCH_MAX; i++)
		packets[i].data = data;
	for (unsigned int round = 0; round < 40; round++) {
		uint64_t start = rw_monotonic_ns(), took;

		hash(r, m, packets, count);
		took = rw_monotonic_ns() - start;
		best = took < best ? took : best;
	}
	return best;
}

static int open_managers(struct raw *r)
{
	IMB_ARCH arch;

	r->wide = alloc_mb_mgr(0);
	r->narrow = alloc_mb_mgr(0);
	if (!r->wide || !r->narrow)
		return -ENOMEM;
	init_mb_mgr_auto(r->wide, &arch);
	init_mb_mgr_sse(r->narrow);
	return imb_get_errno(r->wide) || imb_get_errno(r->narrow) ? -ENOTSUP : 0;
}

static int open_raw(const struct srtp_case *what, void **out)
{
	const struct rw_srtp_suite_info *info = rw_srtp_suite_info(what->suite);
	struct raw *r = aligned_alloc(64, (sizeof(*r) + 63) / 64 * 64);

	if (info->cipher != RW_SRTP_CIPHER_GCM && info->cipher != RW_SRTP_CIPHER_CM)
		return -ENOTSUP;
	if (!r)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	r->direction = what->direction;
	r->cipher = info->cipher;
	r->key_bytes = info->key_bytes;
	r->payload_bytes = what->payload_bytes;
	r->key_stride = sizeof(struct raw_key);
	r->keys = mmap(NULL, what->contexts * r->key_stride, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->keys == MAP_FAILED || open_managers(r) < 0)
		return -ENOMEM;
	madvise(r->keys, what->contexts * r->key_stride, MADV_HUGEPAGE);
	for (uint32_t i = 0; i < what->contexts; i++) {
		struct rw_srtp_key key = ring_key(what, i);

		make_key(r, key.key, key_at(r, i));
	}
	for (unsigned int n = 1; info->cipher == RW_SRTP_CIPHER_CM && n <= SRTP_BATCH_MAX; n++)
		r->hashing[n] =
			time_hash(r, r->narrow, n) < time_hash(r, r->wide, n) ? r->narrow : r->wide;
	*out = r;
	return 0;
}

static void details(void *subject, char *text, size_t bytes)
{
	(void)subject;
	snprintf(text, bytes, "%s", imb_get_version_str());
}

const struct subject_ops subject_raw = { "raw ipsec-mb", open_raw, run, details };
