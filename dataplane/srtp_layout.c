/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things are in SRTP and SRTCP packets, and their initialisation vectors (srtp_engine.h). Thread: worker.
 *
 *            CM, F8, NULL                       GCM
 *   SRTP     header body MKI tag                header body tag MKI
 *   SRTCP    header body E+index MKI tag        header body tag E+index MKI
 */
#include "srtp_engine.h"

#include "rtpwire/bytes.h"
#include "rtpwire/demux.h"

#define SRTCP_INDEX_BYTES 4u
#define SRTCP_E 0x80000000u

/* RFC 3550 section 5.1: bytes of header, CSRC list and extension; 0 when they do not fit len. */
static uint32_t rtp_header_bytes(const uint8_t *p, uint32_t len)
{
	uint32_t need = RW_RTP_HEADER_BYTES;

	if (len < need || p[0] >> 6 != 2)
		return 0;
	need += (p[0] & 0x0fu) * 4u;
	if (p[0] & 0x10) {
		if (len < need + 4)
			return 0;
		need += 4 + rw_load_be16(p + need + 2) * 4u;
	}
	return need <= len ? need : 0;
}

/* len: of the packet without its trailer. */
static bool read_header(struct srtp_packet *p, uint32_t len)
{
	struct srtp_work *w = &p->work;
	uint32_t header;

	if (p->rtcp) {
		if (len < RW_RTCP_HEADER_BYTES || p->data[0] >> 6 != 2)
			return false;
		header = RW_RTCP_HEADER_BYTES;
		w->ssrc = rw_load_be32(p->data + 4);
	} else {
		header = rtp_header_bytes(p->data, len);
		if (header == 0)
			return false;
		w->seq = rw_load_be16(p->data + 2);
		w->ssrc = rw_load_be32(p->data + 8);
	}
	w->body_at = (uint16_t)header;
	w->body_bytes = (uint16_t)(len - header);
	return true;
}

bool srtp_layout_plain(struct srtp_packet *p)
{
	const struct srtp_context *c = p->context;
	enum srtp_kind kind = p->rtcp ? SRTP_RTCP : SRTP_RTP;

	p->work.tag_bytes = c->tag_bytes[kind];
	p->work.encrypted = c->encrypted[kind];
	p->work.authenticated = c->authenticated[kind];
	return read_header(p, p->len_bytes);
}

static bool mki_matches(const struct srtp_context *c, const uint8_t *at)
{
	unsigned int n = c->mki_bytes;
	uint64_t value = 0;

	for (; n > 8; n--)
		if (*at++)
			return false;
	for (; n > 0; n--)
		value = value << 8 | *at++;
	return value == c->cold->key.mki;
}

void srtp_layout_put_mki(const struct srtp_context *c, uint8_t *at)
{
	for (unsigned int n = c->mki_bytes; n > 0; n--)
		*at++ = n > 8 ? 0 : (uint8_t)(c->cold->key.mki >> (8 * (n - 1)));
}

bool srtp_layout_secured(struct srtp_packet *p)
{
	const struct srtp_context *c = p->context;
	enum srtp_kind kind = p->rtcp ? SRTP_RTCP : SRTP_RTP;
	unsigned int trailer = srtp_trailer_bytes(c, kind), index_bytes;
	struct srtp_work *w = &p->work;
	const uint8_t *end, *tag, *mki;
	bool aead = c->cipher == RW_SRTP_CIPHER_GCM;

	if (p->len_bytes < trailer || !read_header(p, p->len_bytes - trailer))
		return false;
	end = p->data + p->len_bytes;
	index_bytes = p->rtcp ? SRTCP_INDEX_BYTES : 0;
	w->tag_bytes = c->tag_bytes[kind];
	w->encrypted = c->encrypted[kind];
	w->authenticated = c->authenticated[kind];
	mki = aead ? end - c->mki_bytes : end - w->tag_bytes - c->mki_bytes;
	tag = aead ? mki - index_bytes - w->tag_bytes : end - w->tag_bytes;
	if (c->mki_bytes && !mki_matches(c, mki))
		return false;
	if (p->rtcp) {
		uint32_t index = rw_load_be32(mki - SRTCP_INDEX_BYTES);

		w->encrypted = index & SRTCP_E;
		w->index = index & ~SRTCP_E;
		/* a peer that agreed to encrypt does not get plain packets past us; NULL has no choice */
		if (w->encrypted != (bool)c->encrypted[kind] && c->cipher != RW_SRTP_CIPHER_NULL)
			return false;
	}
	memcpy(w->tag, tag, w->tag_bytes);
	return true;
}

/* RFC 7714 sections 8.1 and 9.1: 12 bytes, salt XOR (SSRC * 2^48) XOR index. */
static void iv_gcm(const struct srtp_packet *p, const uint8_t *salt, uint8_t *iv)
{
	const struct srtp_work *w = &p->work;

	rw_store_be64(iv, rw_load_be64(salt) ^ (uint64_t)w->ssrc << 16 ^ w->index >> 32);
	rw_store_be32(iv + 8, rw_load_be32(salt + 8) ^ (uint32_t)w->index);
}

/* RFC 3711 sections 4.1.2.2 and 4.1.2.3. */
static void iv_f8(const struct srtp_packet *p, uint8_t *iv)
{
	const struct srtp_work *w = &p->work;

	if (p->rtcp) {
		rw_store_be32(iv, 0);
		rw_store_be32(iv + 4, (uint32_t)w->index | (w->encrypted ? SRTCP_E : 0));
		memcpy(iv + 8, p->data, 8);
		return;
	}
	memcpy(iv, p->data, 12);
	iv[0] = 0;
	rw_store_be32(iv + 12, (uint32_t)(w->index >> 16));
}

/* RFC 3711 section 4.1.1: (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16). */
static void iv_cm(const struct srtp_packet *p, const uint8_t *salt, uint8_t *iv)
{
	const struct srtp_work *w = &p->work;
	uint64_t high, low;

	high = rw_load_be64(salt) ^ w->ssrc;
	low = rw_load_be64(salt + 8) ^ w->index << 16;
	rw_store_be64(iv, high);
	rw_store_be64(iv + 8, low);
}

void srtp_layout_iv(struct srtp_packet *p)
{
	const uint8_t *salt = p->context->salt[p->rtcp ? SRTP_RTCP : SRTP_RTP];

	if (p->context->cipher == RW_SRTP_CIPHER_GCM)
		iv_gcm(p, salt, p->work.iv);
	else if (p->context->cipher == RW_SRTP_CIPHER_F8)
		iv_f8(p, p->work.iv);
	else
		iv_cm(p, salt, p->work.iv);
}
