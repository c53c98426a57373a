/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sender and a receiver (pair.h).
 */
#include "pair.h"

#include "rtpwire/bytes.h"

uint32_t pair_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

struct rw_srtp_key pair_key(unsigned int suite, uint8_t flags, unsigned int mki_bytes,
			    uint32_t seed)
{
	const struct rw_srtp_suite_info *info = rw_srtp_suite_info(suite);
	struct rw_srtp_key key = { .suite = (uint8_t)suite, .flags = flags };

	key.mki_bytes = (uint8_t)mki_bytes;
	key.mki = mki_bytes ? 0x25 : 0;
	for (unsigned int i = 0; i < (unsigned int)info->key_bytes + info->salt_bytes; i++)
		key.key[i] = (uint8_t)pair_random(&seed);
	assert_true(rw_srtp_key_valid(&key));
	return key;
}

void pair_open(struct pair *p, enum srtp_engine_kind sender, enum srtp_engine_kind receiver,
	       const struct rw_srtp_key *key)
{
	memset(p, 0, sizeof(*p));
	p->now_ns = 1000000000;
	assert_int_equal(srtp_new(sender, 8, SRTP_WINDOW_MIN, &p->sender), 0);
	assert_int_equal(srtp_new(receiver, 8, SRTP_WINDOW_MIN, &p->receiver), 0);
	assert_int_equal(srtp_context_new(p->sender, SRTP_SEND, key, NULL, p->sent, &p->tx), 0);
	assert_int_equal(srtp_context_new(p->receiver, SRTP_RECEIVE, key, NULL, p->received,
					  &p->rx),
			 0);
}

void pair_close(struct pair *p)
{
	srtp_context_free(p->sender, p->tx);
	srtp_context_free(p->receiver, p->rx);
	srtp_free(p->sender);
	srtp_free(p->receiver);
}

void pair_rtp(struct memory *m, uint32_t ssrc, uint16_t seq, unsigned int payload_bytes,
	      unsigned int csrcs, unsigned int words, unsigned int padding)
{
	uint32_t noise = ssrc ^ seq;
	uint8_t *at = m->bytes;

	at[0] = (uint8_t)(0x80 | (padding ? 0x20 : 0) | (words ? 0x10 : 0) | csrcs);
	at[1] = 0;
	rw_store_be16(at + 2, seq);
	rw_store_be32(at + 4, seq * 160u);
	rw_store_be32(at + 8, ssrc);
	at += 12;
	for (unsigned int i = 0; i < csrcs; i++, at += 4)
		rw_store_be32(at, 0x1000 + i);
	if (words) {
		rw_store_be16(at, 0xbede);
		rw_store_be16(at + 2, (uint16_t)words);
		at += 4;
		for (unsigned int i = 0; i < 4 * words; i++)
			*at++ = (uint8_t)pair_random(&noise);
	}
	for (unsigned int i = 0; i < payload_bytes; i++)
		*at++ = (uint8_t)pair_random(&noise);
	for (unsigned int i = 0; i < padding; i++)
		*at++ = (uint8_t)padding;
	m->len = (uint16_t)(at - m->bytes);
	m->rtcp = false;
}

void pair_rtcp(struct memory *m, uint32_t ssrc, unsigned int words)
{
	uint32_t noise = ssrc + words;

	if (words < 7)
		words = 7;
	for (unsigned int i = 0; i < 4 * words; i++)
		m->bytes[i] = (uint8_t)pair_random(&noise);
	m->bytes[0] = 0x80;
	m->bytes[1] = 200;
	rw_store_be16(m->bytes + 2, (uint16_t)(words - 1));
	rw_store_be32(m->bytes + 4, ssrc);
	m->len = (uint16_t)(4 * words);
	m->rtcp = true;
}

int pair_seal(struct pair *p, struct memory *m)
{
	struct srtp_packet x = { .context = p->tx,
				 .data = m->bytes,
				 .len_bytes = m->len,
				 .room_bytes = (uint16_t)(PACKET_BYTES - m->len),
				 .rtcp = m->rtcp };

	srtp_batch_protect(p->sender, &x, 1);
	m->len = x.len_bytes;
	return x.status;
}

struct memory pair_sealed(struct pair *p, uint32_t ssrc, uint16_t seq)
{
	struct memory m;

	pair_rtp(&m, ssrc, seq, 160, 0, 0, 0);
	assert_int_equal(pair_seal(p, &m), SRTP_OK);
	return m;
}

int pair_unseal(struct pair *p, struct memory *m, uint8_t *events)
{
	struct srtp_packet x = {
		.context = p->rx, .data = m->bytes, .len_bytes = m->len, .rtcp = m->rtcp
	};

	srtp_batch_unprotect(p->receiver, &x, 1, p->now_ns);
	m->len = x.len_bytes;
	if (events)
		*events = x.events;
	return x.status;
}
