/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Subject: libsrtp2 of the system as most programs use it, one session with one stream for each direction of a call, packet
 * by packet (srtp_subject.h). Program's only thread.
 */
#include "srtp_subject.h"

#include <errno.h>
#include <stdlib.h>

#include <srtp2/srtp.h>

struct plain {
	enum srtp_direction direction;
	srtp_t *sessions;
};

static const struct suite_row {
	unsigned int suite;
	void (*set)(srtp_crypto_policy_t *p);
} suites[] = {
	{ RW_SRTP_AEAD_AES_256_GCM, srtp_crypto_policy_set_aes_gcm_256_16_auth },
	{ RW_SRTP_AEAD_AES_128_GCM, srtp_crypto_policy_set_aes_gcm_128_16_auth },
	{ RW_SRTP_AES_256_CM_HMAC_SHA1_80, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ RW_SRTP_AES_256_CM_HMAC_SHA1_32, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32 },
	{ RW_SRTP_AES_CM_128_HMAC_SHA1_80, srtp_crypto_policy_set_rtp_default },
	{ RW_SRTP_AES_CM_128_HMAC_SHA1_32, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32 },
	{ RW_SRTP_NULL_HMAC_SHA1_80, srtp_crypto_policy_set_null_cipher_hmac_sha1_80 },
	{ RW_SRTP_AEAD_AES_256_GCM_8, srtp_crypto_policy_set_aes_gcm_256_8_auth },
	{ RW_SRTP_AEAD_AES_128_GCM_8, srtp_crypto_policy_set_aes_gcm_128_8_auth },
};

static const struct suite_row *suite_row(unsigned int suite)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].suite == suite)
			return &suites[i];
	return NULL;
}

static int open_sessions(const struct srtp_case *what, struct plain *s)
{
	for (uint32_t i = 0; i < what->contexts; i++) {
		struct rw_srtp_key key = ring_key(what, i);
		srtp_policy_t policy = { .ssrc = { ssrc_specific, i }, .key = key.key };

		suite_row(what->suite)->set(&policy.rtp);
		suite_row(what->suite)->set(&policy.rtcp);
		policy.window_size = SRTP_WINDOW_MIN;
		if (srtp_create(&s->sessions[i], &policy) != srtp_err_status_ok)
			return -ENOMEM;
	}
	return 0;
}

static int open_plain(const struct srtp_case *what, void **out)
{
	struct plain *s = calloc(1, sizeof(*s));

	if (!suite_row(what->suite))
		return -ENOTSUP;
	if (s)
		s->sessions = calloc(what->contexts, sizeof(*s->sessions));
	if (!s || !s->sessions || srtp_init() != srtp_err_status_ok)
		return -ENOMEM;
	s->direction = what->direction;
	*out = s;
	return open_sessions(what, s);
}

static bool run(void *subject, const struct ring_packet *packets, unsigned int count)
{
	const struct plain *s = subject;

	for (unsigned int i = 0; i < count; i++) {
		srtp_t session = s->sessions[packets[i].context];
		int bytes = packets[i].len_bytes;

		if ((s->direction == SRTP_SEND ? srtp_protect(session, packets[i].data, &bytes)
					       : srtp_unprotect(session, packets[i].data,
								&bytes)) != srtp_err_status_ok)
			return false;
	}
	return true;
}

static void details(void *subject, char *text, size_t bytes)
{
	(void)subject;
	snprintf(text, bytes, "%s", srtp_get_version_string());
}

const struct subject_ops subject_plain = { "libsrtp2 alone", open_plain, run, details };
