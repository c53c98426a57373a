/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Key derivation (srtp_kdf.h). Thread: worker.
 */
#include "srtp_kdf.h"

/* RFC 3711 section 4.3.2: labels of SRTP; those of SRTCP are three higher. */
enum label { LABEL_CIPHER, LABEL_AUTH, LABEL_SALT };

#define LABELS_RTCP 3u
#define MASTER_SALT_BYTES 14u

/* x = label || index / rate (zero) XOR master salt; the counter block is x with a 16 bit counter behind it. */
static void derive(const struct rw_srtp_key *key, unsigned int label, srtp_keystream *keystream,
		   void *arg, uint8_t *out, size_t bytes)
{
	const struct rw_srtp_suite_info *suite = rw_srtp_suite_info(key->suite);
	uint8_t iv[16] = { 0 }, stream[32];

	/* a salt of 96 bits is filled up with zeros at its end, RFC 7714 section 11 */
	memcpy(iv, key->key + suite->key_bytes, suite->salt_bytes);
	iv[MASTER_SALT_BYTES - 7] ^= (uint8_t)label;
	keystream(arg, iv, stream, sizeof(stream));
	memcpy(out, stream, bytes);
	explicit_bzero(stream, sizeof(stream));
}

void srtp_kdf(const struct rw_srtp_key *key, int rtcp, srtp_keystream *keystream, void *arg,
	      struct srtp_session_keys *out)
{
	const struct rw_srtp_suite_info *suite = rw_srtp_suite_info(key->suite);
	unsigned int first = rtcp ? LABELS_RTCP : 0;

	memset(out, 0, sizeof(*out));
	derive(key, first + LABEL_CIPHER, keystream, arg, out->cipher, suite->key_bytes);
	derive(key, first + LABEL_AUTH, keystream, arg, out->auth, sizeof(out->auth));
	derive(key, first + LABEL_SALT, keystream, arg, out->salt, suite->salt_bytes);
}
