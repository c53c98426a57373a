/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session keys from master keys: RFC 3711 section 4.3 with key derivation rate 0, RFC 6188 section 3, RFC 7714
 * section 11. Pure; the block cipher is the caller's.
 */
#ifndef RTPWIRE_DATAPLANE_SRTP_KDF_H
#define RTPWIRE_DATAPLANE_SRTP_KDF_H

#include <stddef.h>
#include <stdint.h>

#include "rtpwire/srtp.h"

#define SRTP_AUTH_KEY_BYTES 20 /* HMAC-SHA1, RFC 3711 section 5.2 */

/* Keys of SRTP or of SRTCP under one master key. */
struct srtp_session_keys {
	uint8_t cipher[32]; /* of the suite's key length */
	uint8_t auth[SRTP_AUTH_KEY_BYTES];
	uint8_t salt[14]; /* of the suite's salt length */
};

/*
 * Writes bytes of the key stream of AES in counter mode under the master key, counter block iv first. bytes is a
 * multiple of 16.
 */
typedef void srtp_keystream(void *arg, const uint8_t iv[16], uint8_t *out, size_t bytes);

/* Derives the keys of SRTP (rtcp 0) or SRTCP (1). key must be valid and have a suite. The caller wipes *out. */
void srtp_kdf(const struct rw_srtp_key *key, int rtcp, srtp_keystream *keystream, void *arg,
	      struct srtp_session_keys *out);

#endif
