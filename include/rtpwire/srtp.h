/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP as control and dataplane speak of it: crypto suites, master keys, and where a stream stands. The
 * protocol itself (RFC 3711) is the dataplane's; keys come from SDES (RFC 4568) or DTLS (RFC 5764).
 */
#ifndef RTPWIRE_SRTP_H
#define RTPWIRE_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rtpwire/abi.h"

/*
 * X(name as in SDP, cipher, bytes of master key, of master salt, of the SRTP tag, of the SRTCP tag)
 * RFC 4568 section 6.2 (CM_128, F8), RFC 6188 (192, 256), RFC 7714 section 14 (GCM). SRTCP tags are never
 * shortened. The first twelve stand in the order in which they are offered by default; the _8 ones never
 * came to be SDES suites.
 */
#define RW_SRTP_SUITES(X)                                                                          \
	X(AEAD_AES_256_GCM, GCM, 32, 12, 16, 16)                                                   \
	X(AEAD_AES_128_GCM, GCM, 16, 12, 16, 16)                                                   \
	X(AES_256_CM_HMAC_SHA1_80, CM, 32, 14, 10, 10)                                             \
	X(AES_256_CM_HMAC_SHA1_32, CM, 32, 14, 4, 10)                                              \
	X(AES_192_CM_HMAC_SHA1_80, CM, 24, 14, 10, 10)                                             \
	X(AES_192_CM_HMAC_SHA1_32, CM, 24, 14, 4, 10)                                              \
	X(AES_CM_128_HMAC_SHA1_80, CM, 16, 14, 10, 10)                                             \
	X(AES_CM_128_HMAC_SHA1_32, CM, 16, 14, 4, 10)                                              \
	X(F8_128_HMAC_SHA1_80, F8, 16, 14, 10, 10)                                                 \
	X(F8_128_HMAC_SHA1_32, F8, 16, 14, 4, 10)                                                  \
	X(NULL_HMAC_SHA1_80, NULL, 16, 14, 10, 10)                                                 \
	X(NULL_HMAC_SHA1_32, NULL, 16, 14, 4, 10)                                                  \
	X(AEAD_AES_256_GCM_8, GCM, 32, 12, 8, 16)                                                  \
	X(AEAD_AES_128_GCM_8, GCM, 16, 12, 8, 16)

enum rw_srtp_suite {
	RW_SRTP_NONE, /* plain RTP */
#define RW_X(name, cipher, key, salt, tag, rtcp_tag) RW_SRTP_##name,
	RW_SRTP_SUITES(RW_X)
#undef RW_X
		RW_SRTP_SUITE_MAX
};

#define RW_SRTP_SDES_LAST RW_SRTP_NULL_HMAC_SHA1_32 /* what follows it has no SDES name */

enum rw_srtp_cipher {
	RW_SRTP_CIPHER_CM,
	RW_SRTP_CIPHER_F8,
	RW_SRTP_CIPHER_NULL,
	RW_SRTP_CIPHER_GCM
};

struct rw_srtp_suite_info {
	const char *name;
	uint8_t cipher; /* enum rw_srtp_cipher */
	uint8_t key_bytes, salt_bytes, tag_bytes, rtcp_tag_bytes;
};

/* Facts of a suite; NULL for NONE and for numbers that are none. */
static inline const struct rw_srtp_suite_info *rw_srtp_suite_info(unsigned int suite)
{
	static const struct rw_srtp_suite_info rows[] = {
#define RW_X(name, cipher, key, salt, tag, rtcp_tag)                                               \
	{ #name, RW_SRTP_CIPHER_##cipher, key, salt, tag, rtcp_tag },
		RW_SRTP_SUITES(RW_X)
#undef RW_X
	};

	return suite > RW_SRTP_NONE && suite < RW_SRTP_SUITE_MAX ? &rows[suite - 1] : NULL;
}

/* rw_srtp_key.flags: session parameters, RFC 4568 section 6.3 */
#define RW_SRTP_UNENCRYPTED_SRTP 0x01u
#define RW_SRTP_UNENCRYPTED_SRTCP 0x02u
#define RW_SRTP_UNAUTHENTICATED_SRTP 0x04u
#define RW_SRTP_FLAGS_ALL 0x07u

#define RW_SRTP_KEY_BYTES 46 /* longest master key with its salt */
#define RW_SRTP_MKI_BYTES_MAX 128 /* RFC 4568 section 6.1 */

/* A master key and what it is used for. All zero: plain RTP. */
struct rw_srtp_key {
	uint64_t mki; /* value of the master key identifier, RFC 3711 section 3.1 */
	uint8_t mki_bytes; /* its length in packets, big endian; 0 = packets have none */
	uint8_t suite; /* enum rw_srtp_suite */
	uint8_t flags; /* RW_SRTP_* */
	uint8_t key[RW_SRTP_KEY_BYTES]; /* master key, master salt, zeros */
	uint8_t zero[7];
};

_Static_assert(sizeof(struct rw_srtp_key) == 64, "rw_srtp_key is part of the ABI");

/*
 * Where the stream of one SSRC stands in one direction of a flow; published in the statistics so that
 * control can hand it to a dataplane that was started anew. Nothing here is secret.
 */
struct rw_srtp_stream {
	uint32_t ssrc; /* host order */
	uint32_t roc; /* rollover counter, RFC 3711 section 3.3.1 */
	uint32_t srtcp_index; /* last one sent or accepted, section 3.4; 0 = none */
	uint16_t seq; /* sequence number that roc belongs to, as in the SRTP packet */
	uint16_t seq_offset; /* sent: what was added to the sequence number that came in */
	uint8_t used; /* 1, or the place is free */
	uint8_t zero[3];
};

_Static_assert(sizeof(struct rw_srtp_stream) == 20, "rw_srtp_stream is part of the ABI");

static inline bool rw_srtp_key_equal(const struct rw_srtp_key *a, const struct rw_srtp_key *b)
{
	uint8_t differ = 0;

	/* in constant time: these are secrets */
	for (size_t i = 0; i < sizeof(*a); i++)
		differ |= ((const uint8_t *)a)[i] ^ ((const uint8_t *)b)[i];
	return differ == 0;
}

/* True when every byte behind at (up to bytes) is zero. */
static inline bool rw_srtp_zero(const uint8_t *p, size_t at, size_t bytes)
{
	for (; at < bytes; at++)
		if (p[at])
			return false;
	return true;
}

/*
 * True when a key can be used as it stands: known suite, parameters that the suite allows, unused bytes
 * zero. UNAUTHENTICATED_SRTP does not go with an AEAD (RFC 7714 section 14).
 */
static inline bool rw_srtp_key_valid(const struct rw_srtp_key *k)
{
	const struct rw_srtp_suite_info *s = rw_srtp_suite_info(k->suite);

	if (!s)
		return rw_srtp_zero((const uint8_t *)k, 0, sizeof(*k));
	if (k->flags & ~RW_SRTP_FLAGS_ALL ||
	    (s->cipher == RW_SRTP_CIPHER_GCM && k->flags & RW_SRTP_UNAUTHENTICATED_SRTP))
		return false;
	if (k->mki_bytes > RW_SRTP_MKI_BYTES_MAX || (k->mki_bytes == 0 && k->mki) ||
	    (k->mki_bytes < 8 && k->mki >> (8 * k->mki_bytes)))
		return false;
	return rw_srtp_zero(k->key, (size_t)s->key_bytes + s->salt_bytes, sizeof(k->key)) &&
	       rw_srtp_zero(k->zero, 0, sizeof(k->zero));
}

static inline bool rw_srtp_stream_valid(const struct rw_srtp_stream *s)
{
	return s->used <= 1 && s->srtcp_index <= 0x7fffffffu &&
	       rw_srtp_zero(s->zero, 0, sizeof(s->zero));
}

#endif
