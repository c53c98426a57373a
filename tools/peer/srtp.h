/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP and SRTCP (RFC 3711) of rtpwire-peer by libsrtp2, which shares no code with the relay's default engine and
 * none of its protocol code: a stranger judges what the relay sends. Program's only thread.
 */
#ifndef RTPWIRE_PEER_SRTP_H
#define RTPWIRE_PEER_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECURE_SUITE_TEXT 32u /* longest name of a suite with its NUL */
#define SECURE_KEY_TEXT 72u /* longest master key with salt in base64, and its NUL */
#define SECURE_TRAILER_BYTES 20u /* most that protection makes a packet longer */

/* One direction of one stream: the key in use and, for packets that arrive, the key before it. */
struct secure;

enum secure_verdict {
	SECURE_OK,
	SECURE_OLD_KEY, /* right, but under the key before the last change */
	SECURE_AUTH_FAILED,
	SECURE_REPLAYED, /* came before, or is older than the replay window tells */
	SECURE_BAD, /* no packet that could be told from noise: too short, for instance */
};

/*
 * Opens a direction. suite is a name as in SDP (RFC 4568, 6188, 7714), key the base64 of master key and salt,
 * with or without padding. sending: packets of ssrc leave; else packets of any SSRC arrive. 0 and *out, which
 * secure_free() takes; -EINVAL for a suite or key that is none, -ENOMEM.
 */
int secure_open(const char *suite, const char *key, bool sending, uint32_t ssrc,
		struct secure **out);

/* Takes NULL too. */
void secure_free(struct secure *s);

/*
 * Changes the key at once; an arriving direction takes packets of the key before as well from then on. The key
 * in use is no change: rollover counters and replay windows stay. 0, or -EINVAL / -ENOMEM and nothing changed.
 */
int secure_rekey(struct secure *s, const char *key);

/* From now on only packets under the last key are right. */
void secure_forget_old(struct secure *s);

/*
 * Protects the packet of *len_bytes at p, aligned to 4, with room for SECURE_TRAILER_BYTES more. 0 and the new
 * length, or -EIO and p undefined.
 */
int secure_protect(struct secure *s, bool rtcp, uint8_t *p, size_t *len_bytes);

/*
 * Authenticates and decrypts the packet of *len_bytes at p, aligned to 4. p and *len_bytes are the plain packet
 * after SECURE_OK and SECURE_OLD_KEY, else p is undefined.
 */
enum secure_verdict secure_unprotect(struct secure *s, bool rtcp, uint8_t *p, size_t *len_bytes);

#endif
