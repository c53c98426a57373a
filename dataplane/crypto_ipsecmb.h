/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the parts of the ipsec-mb engine: its keys and its state of a thread. Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_CRYPTO_IPSECMB_H
#define RTPWIRE_DATAPLANE_CRYPTO_IPSECMB_H

#include "srtp_engine.h"

#include <intel-ipsec-mb.h>

#define SCHEDULE_BYTES (16u * 15u)

/* Session keys of SRTP or SRTCP, ready for use. The first four cache lines are what AES_CM_128_HMAC_SHA1 needs. */
struct mb_keys {
	_Alignas(64) uint8_t ipad[32]; /* SHA-1 state after the inner key block */
	uint8_t opad[32];
	_Alignas(16) uint8_t schedule[SCHEDULE_BYTES];
};

/* The hot keys are mb_keys of RTP; these are the others. */
struct mb_cold_keys {
	struct mb_keys rtcp;
	union {
		struct gcm_key_data gcm[SRTP_KINDS];
		_Alignas(16) uint8_t f8_schedule[SRTP_KINDS][SCHEDULE_BYTES]; /* k_e XOR m */
	};
};

_Static_assert(sizeof(struct mb_keys) % 64 == 0 && sizeof(struct mb_cold_keys) % 64 == 0,
	       "contexts stay aligned");
_Static_assert(offsetof(struct mb_keys, schedule) == 64,
	       "hash state and key schedule do not overlap");

struct mb_engine {
	IMB_MGR *wide; /* all ciphers; hashes of large bursts */
	IMB_MGR *narrow; /* hashes of small bursts */
	char details[64];
	struct gcm_context_data gcm;
	IMB_JOB jobs[SRTP_BATCH_MAX];
	uint8_t tags[SRTP_BATCH_MAX][32];
	uint8_t under[SRTP_BATCH_MAX][4]; /* received bytes where the ROC stood for a moment */
};

static inline struct mb_keys *mb_kind_keys(const struct srtp_context *c, enum srtp_kind kind)
{
	struct mb_cold_keys *cold = srtp_keys(c);

	return kind == SRTP_RTCP ? &cold->rtcp : srtp_hot_keys(c);
}

/* Counter mode over data; run by IMB_SUBMIT_CIPHER_BURST_NOCHECK. */
static inline void mb_counter_job(IMB_JOB *j, const uint8_t *schedule, const uint8_t *iv,
				  uint8_t *data, uint64_t bytes)
{
	j->enc_keys = j->dec_keys = schedule;
	j->src = data;
	j->dst = data;
	j->cipher_start_src_offset_in_bytes = 0;
	j->msg_len_to_cipher_in_bytes = bytes;
	j->iv = iv;
	j->iv_len_in_bytes = 16;
}

/* crypto_ipsecmb_keys.c: srtp_engine_ops.context_open. */
int mb_context_open(void *engine, struct srtp_context *c);

#endif
