/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP by libsrtp2 (srtp_engine.h): works on every CPU, and is what the other engine is tested against. It does the
 * whole protocol by itself, packet by packet; the index is ours, so that both engines obey the same rules. A new SSRC
 * costs an allocation in the library: it knows no other way. Thread: worker.
 */
#include "srtp_engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <srtp2/srtp.h>
#include <srtp2/crypto_types.h>

#include "rtpwire/bytes.h"
#include "rtpwire/demux.h"

#define LIB_WINDOW 1024u /* the library's own replay window: never narrower than ours */

/*
 * What a context keeps: a session for RTP and one for RTCP, each with a stream for each SSRC that was heard or sent. In one
 * session the library would look for the MKI of RTCP before a tag of RTP's length.
 */
struct lib_keys {
	srtp_t session[SRTP_KINDS];
	srtp_policy_t policy[SRTP_KINDS]; /* point into this struct */
	srtp_master_key_t master;
	srtp_master_key_t *masters[1];
	uint8_t key[RW_SRTP_KEY_BYTES];
	uint8_t mki[RW_SRTP_MKI_BYTES_MAX];
};

#define LIB_KEYS_BYTES ((sizeof(struct lib_keys) + 127) / 128 * 128)

struct lib_engine {
	char details[64];
	uint8_t copy[UINT16_MAX]; /* of a packet that may be tried again */
};

static struct lib_keys *keys_of(const struct srtp_packet *p)
{
	return srtp_keys(p->context);
}

/* --- policies --- */

static void set_null(srtp_crypto_policy_t *p)
{
	srtp_crypto_policy_set_null_cipher_hmac_sha1_80(p);
}

/*
 * What the library calls a suite; those not here it does not have. AES_192 is missing because version 2.5 derives its
 * session keys in another way than RFC 6188 says.
 */
static const struct suite_row {
	uint8_t suite;
	void (*rtp)(srtp_crypto_policy_t *p);
	void (*rtcp)(srtp_crypto_policy_t *p);
} suite_rows[] = {
	{ RW_SRTP_AEAD_AES_256_GCM, srtp_crypto_policy_set_aes_gcm_256_16_auth,
	  srtp_crypto_policy_set_aes_gcm_256_16_auth },
	{ RW_SRTP_AEAD_AES_128_GCM, srtp_crypto_policy_set_aes_gcm_128_16_auth,
	  srtp_crypto_policy_set_aes_gcm_128_16_auth },
	{ RW_SRTP_AES_256_CM_HMAC_SHA1_80, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ RW_SRTP_AES_256_CM_HMAC_SHA1_32, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ RW_SRTP_AES_CM_128_HMAC_SHA1_80, srtp_crypto_policy_set_rtp_default,
	  srtp_crypto_policy_set_rtcp_default },
	{ RW_SRTP_AES_CM_128_HMAC_SHA1_32, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
	  srtp_crypto_policy_set_rtcp_default },
	{ RW_SRTP_NULL_HMAC_SHA1_80, set_null, set_null },
	{ RW_SRTP_NULL_HMAC_SHA1_32, set_null, set_null },
	{ RW_SRTP_AEAD_AES_256_GCM_8, srtp_crypto_policy_set_aes_gcm_256_8_auth,
	  srtp_crypto_policy_set_aes_gcm_256_16_auth },
	{ RW_SRTP_AEAD_AES_128_GCM_8, srtp_crypto_policy_set_aes_gcm_128_8_auth,
	  srtp_crypto_policy_set_aes_gcm_128_16_auth },
};

#define SUITE_ROWS (sizeof(suite_rows) / sizeof(suite_rows[0]))

static const struct suite_row *suite_row(unsigned int suite)
{
	for (size_t i = 0; i < SUITE_ROWS; i++)
		if (suite_rows[i].suite == suite)
			return &suite_rows[i];
	return NULL;
}

static srtp_sec_serv_t services(const struct srtp_context *c, enum srtp_kind kind)
{
	return (c->encrypted[kind] ? sec_serv_conf : 0) |
	       (c->authenticated[kind] ? sec_serv_auth : 0);
}

static void make_policy(const struct srtp_context *c, struct lib_keys *k, enum srtp_kind kind)
{
	const struct suite_row *row = suite_row(c->cold->key.suite);
	srtp_policy_t *p = &k->policy[kind];

	row->rtcp(&p->rtcp);
	p->rtcp.sec_serv = services(c, SRTP_RTCP);
	if (kind == SRTP_RTCP) {
		p->rtp = p->rtcp;
	} else {
		row->rtp(&p->rtp);
		p->rtp.auth_tag_len = c->tag_bytes[SRTP_RTP];
		if (!c->authenticated[SRTP_RTP]) {
			p->rtp.auth_type = SRTP_NULL_AUTH;
			p->rtp.auth_key_len = 0;
		}
		p->rtp.sec_serv = services(c, SRTP_RTP);
	}
	p->window_size = LIB_WINDOW;
	p->ssrc.type = ssrc_specific;
	if (c->mki_bytes) {
		p->keys = k->masters;
		p->num_master_keys = 1;
	} else {
		p->key = k->key;
	}
}

static void lib_context_close(void *engine, struct srtp_context *c)
{
	struct lib_keys *k = srtp_keys(c);

	(void)engine;
	for (unsigned int kind = 0; kind < SRTP_KINDS; kind++) {
		if (k->session[kind])
			srtp_dealloc(k->session[kind]);
		k->session[kind] = NULL;
	}
}

static int lib_context_open(void *engine, struct srtp_context *c)
{
	struct lib_keys *k = srtp_keys(c);

	/* the library encrypts with GCM whatever it was told */
	if (!suite_row(c->cold->key.suite) ||
	    (c->cipher == RW_SRTP_CIPHER_GCM && !c->encrypted[SRTP_RTP]))
		return -ENOTSUP;
	memcpy(k->key, c->cold->key.key, sizeof(k->key));
	srtp_layout_put_mki(c, k->mki);
	k->masters[0] = &k->master;
	k->master.key = k->key;
	k->master.mki_id = k->mki;
	k->master.mki_size = c->mki_bytes;
	for (unsigned int kind = 0; kind < SRTP_KINDS; kind++) {
		make_policy(c, k, kind);
		if (srtp_create(&k->session[kind], NULL) == srtp_err_status_ok)
			continue;
		lib_context_close(engine, c);
		return -ENOMEM;
	}
	return 0;
}

/* --- streams --- */

static void remove_stream(struct lib_keys *k, enum srtp_kind kind, uint32_t ssrc)
{
	srtp_remove_stream(k->session[kind],
			   htonl(ssrc)); /* it takes the number as it stands in packets */
}

static void lib_stream_close(void *engine, struct srtp_context *c, enum srtp_kind kind,
			     uint32_t ssrc)
{
	(void)engine;
	remove_stream(srtp_keys(c), kind, ssrc);
}

static bool add_stream(struct lib_keys *k, enum srtp_kind kind, uint32_t ssrc)
{
	k->policy[kind].ssrc.value = ssrc;
	return srtp_add_stream(k->session[kind], &k->policy[kind]) == srtp_err_status_ok;
}

/* True when the SSRC has a stream; *roc: of its last packet. */
static bool has_stream(struct lib_keys *k, enum srtp_kind kind, uint32_t ssrc, uint32_t *roc)
{
	return srtp_get_stream_roc(k->session[kind], ssrc, roc) == srtp_err_status_ok;
}

static bool have_rtcp_stream(struct lib_keys *k, uint32_t ssrc)
{
	uint32_t roc;

	return has_stream(k, SRTP_RTCP, ssrc, &roc) || add_stream(k, SRTP_RTCP, ssrc);
}

/* Makes the stream anew, so that its next packet gets this ROC. */
static bool renew_stream(struct lib_keys *k, uint32_t ssrc, uint32_t roc)
{
	remove_stream(k, SRTP_RTP, ssrc);
	return add_stream(k, SRTP_RTP, ssrc) &&
	       (roc == 0 ||
		srtp_set_stream_roc(k->session[SRTP_RTP], ssrc, roc) == srtp_err_status_ok);
}

/*
 * Makes sure that the library takes the packet for what it is. It counts by itself, but only from the first packet of a
 * stream on; a stream may be new to it that is not new to us, or the other way round within a batch.
 */
static bool have_rtp_stream(struct lib_keys *k, const struct srtp_work *w)
{
	uint32_t roc = (uint32_t)(w->index >> 16), last;

	if (w->stream && !w->forced && has_stream(k, SRTP_RTP, w->ssrc, &last) && (last || !roc))
		return true;
	return renew_stream(k, w->ssrc, roc);
}

/* --- packets --- */

static srtp_err_status_t seal_rtp(struct srtp_packet *p, int *bytes)
{
	struct lib_keys *k = keys_of(p);

	if (!have_rtp_stream(k, &p->work))
		return srtp_err_status_alloc_fail;
	return srtp_protect_mki(k->session[SRTP_RTP], p->data, bytes, p->context->mki_bytes != 0,
				0);
}

/* The index of a stream that goes on: the library counts by itself, so it is made to count up to there. */
static void count_up_to(srtp_t session, uint32_t ssrc, uint64_t index, unsigned int use_mki)
{
	uint8_t dummy[RW_RTCP_HEADER_BYTES + SRTP_MAX_TRAILER_LEN];

	for (uint64_t i = 1; i < index; i++) {
		int bytes = RW_RTCP_HEADER_BYTES;

		memset(dummy, 0, sizeof(dummy));
		dummy[0] = 0x80;
		dummy[1] = 200;
		rw_store_be32(dummy + 4, ssrc);
		srtp_protect_rtcp_mki(session, dummy, &bytes, use_mki, 0);
	}
}

static srtp_err_status_t seal_rtcp(struct srtp_packet *p, int *bytes)
{
	struct lib_keys *k = keys_of(p);
	const struct srtp_work *w = &p->work;
	unsigned int use_mki = p->context->mki_bytes != 0;

	if (!have_rtcp_stream(k, w->ssrc))
		return srtp_err_status_alloc_fail;
	if (w->forced)
		count_up_to(k->session[SRTP_RTCP], w->ssrc, w->index, use_mki);
	return srtp_protect_rtcp_mki(k->session[SRTP_RTCP], p->data, bytes, use_mki, 0);
}

static void lib_seal(void *engine, struct srtp_packet **p, unsigned int count)
{
	(void)engine;
	for (unsigned int i = 0; i < count; i++) {
		int bytes = p[i]->len_bytes;
		srtp_err_status_t status =
			p[i]->rtcp ? seal_rtcp(p[i], &bytes) : seal_rtp(p[i], &bytes);

		if (status == srtp_err_status_ok) {
			p[i]->len_bytes = (uint16_t)bytes;
			continue;
		}
		p[i]->status = SRTP_REPEATED;
		if (!p[i]->rtcp)
			rw_store_be16(p[i]->data + 2, p[i]->work.seq); /* as it came in */
	}
}

static bool open_rtp(struct srtp_packet *p, int *bytes)
{
	struct lib_keys *k = keys_of(p);

	return have_rtp_stream(k, &p->work) &&
	       srtp_unprotect_mki(k->session[SRTP_RTP], p->data, bytes,
				  p->context->mki_bytes != 0) == srtp_err_status_ok;
}

static bool open_rtcp(struct srtp_packet *p, int *bytes)
{
	struct lib_keys *k = keys_of(p);

	return have_rtcp_stream(k, p->work.ssrc) &&
	       srtp_unprotect_rtcp_mki(k->session[SRTP_RTCP], p->data, bytes,
				       p->context->mki_bytes != 0) == srtp_err_status_ok;
}

/* A packet that did not fit has left no trace: a stream made for it, or moved, goes; the next packet makes it anew. */
static void undo(const struct srtp_packet *p)
{
	if (!p->work.stream || p->work.forced)
		remove_stream(keys_of(p), p->rtcp ? SRTP_RTCP : SRTP_RTP, p->work.ssrc);
}

static void open_one(struct lib_engine *e, struct srtp_packet *p)
{
	struct srtp_work *w = &p->work;
	int bytes = p->len_bytes;

	if (w->keep)
		memcpy(e->copy, p->data, p->len_bytes);
	w->ok = p->rtcp ? open_rtcp(p, &bytes) : open_rtp(p, &bytes);
	if (w->ok) {
		p->len_bytes = (uint16_t)bytes;
		return;
	}
	undo(p);
	if (w->keep)
		memcpy(p->data, e->copy, p->len_bytes);
}

static void lib_open(void *engine, struct srtp_packet **p, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		open_one(engine, p[i]);
}

/* --- the engine --- */

static srtp_err_status_t initialised;

static void initialise(void)
{
	initialised = srtp_init(); /* never shut down: other threads may still use it */
}

static int lib_engine_new(void **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct lib_engine *e;

	pthread_once(&once, initialise);
	if (initialised != srtp_err_status_ok)
		return -ENOTSUP;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	snprintf(e->details, sizeof(e->details), "%s", srtp_get_version_string());
	*out = e;
	return 0;
}

static void lib_engine_free(void *engine)
{
	free(engine);
}

static const char *lib_details(void *engine)
{
	const struct lib_engine *e = engine;

	return e->details;
}

static uint32_t lib_suites(void)
{
	uint32_t suites = 0;

	for (size_t i = 0; i < SUITE_ROWS; i++)
		suites |= 1u << suite_rows[i].suite;
	return suites;
}

const struct srtp_engine_ops srtp_libsrtp2 = {
	.name = "libsrtp2",
	.keys_bytes = LIB_KEYS_BYTES,
	.engine_new = lib_engine_new,
	.engine_free = lib_engine_free,
	.details = lib_details,
	.suites = lib_suites,
	.context_open = lib_context_open,
	.context_close = lib_context_close,
	.stream_close = lib_stream_close,
	.seal = lib_seal,
	.open = lib_open,
};
