/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP addresses, transport addresses and prefixes as they stand in shared memory.
 * Pure; any thread. Unused bytes are zero always, so equality is memcmp.
 */
#ifndef RTPWIRE_ADDR_H
#define RTPWIRE_ADDR_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum rw_family {
	RW_FAMILY_NONE = 0, /* "no address": all other bytes are zero */
	RW_FAMILY_IP4 = 4, /* bytes[0..3], network order */
	RW_FAMILY_IP6 = 6, /* bytes[0..15], network order */
};

struct rw_ip {
	uint8_t family; /* enum rw_family */
	uint8_t zero[3];
	uint8_t bytes[16];
};

/* A transport address. A flow's peer may be family NONE: not known yet. */
struct rw_endpoint {
	struct rw_ip ip;
	uint16_t port_be; /* network byte order */
	uint16_t zero;
};

struct rw_prefix {
	struct rw_ip ip;
	uint8_t bits; /* 0..32 for IP4, 0..128 for IP6 */
	uint8_t zero[3];
};

_Static_assert(sizeof(struct rw_ip) == 20, "rw_ip is part of the ABI");
_Static_assert(sizeof(struct rw_endpoint) == 24, "rw_endpoint is part of the ABI");
_Static_assert(sizeof(struct rw_prefix) == 24, "rw_prefix is part of the ABI");

#define RW_IP_TEXT 46 /* longest IPv6 text and its NUL */
#define RW_ENDPOINT_TEXT (RW_IP_TEXT + 8) /* "[v6]:65535" and its NUL */

static inline bool rw_ip_equal(const struct rw_ip *a, const struct rw_ip *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool rw_endpoint_equal(const struct rw_endpoint *a, const struct rw_endpoint *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* True for 0.0.0.0, :: and "no address". */
static inline bool rw_ip_is_zero(const struct rw_ip *ip)
{
	static const uint8_t zero[16];

	return memcmp(ip->bytes, zero, sizeof(zero)) == 0;
}

/* True when the bytes are a canonical value: known family, unused bytes zero. */
static inline bool rw_ip_valid(const struct rw_ip *ip)
{
	static const uint8_t zero[16];

	if (ip->zero[0] | ip->zero[1] | ip->zero[2])
		return false;
	if (ip->family == RW_FAMILY_IP6)
		return true;
	if (ip->family == RW_FAMILY_IP4)
		return memcmp(ip->bytes + 4, zero, 12) == 0;
	return ip->family == RW_FAMILY_NONE && rw_ip_is_zero(ip);
}

static inline struct rw_ip rw_ip4(const void *be4)
{
	struct rw_ip ip = { .family = RW_FAMILY_IP4 };

	memcpy(ip.bytes, be4, 4);
	return ip;
}

static inline struct rw_ip rw_ip6(const void *be16)
{
	struct rw_ip ip = { .family = RW_FAMILY_IP6 };

	memcpy(ip.bytes, be16, 16);
	return ip;
}

/* Parses a numeric IPv4 or IPv6 address (no brackets, no zone). 0, or -EINVAL and *out untouched. */
static inline int rw_ip_parse(const char *text, struct rw_ip *out)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		*out = rw_ip4(b);
	else if (inet_pton(AF_INET6, text, b) == 1)
		*out = rw_ip6(b);
	else
		return -EINVAL;
	return 0;
}

/* Writes the decimal digits, without a 0 behind them, and returns where they end. */
static inline char *rw_number_text(char *to, unsigned int v)
{
	if (v >= 10)
		to = rw_number_text(to, v / 10);
	*to = (char)('0' + v % 10);
	return to + 1;
}

/* Writes the numeric text ("-" for no address) and returns buf. IPv4 without inet_ntop(), which is slow: it prints. */
static inline const char *rw_ip_text(const struct rw_ip *ip, char buf[static RW_IP_TEXT])
{
	char *to = buf;

	if (ip->family == RW_FAMILY_IP6 && inet_ntop(AF_INET6, ip->bytes, buf, RW_IP_TEXT))
		return buf;
	if (ip->family != RW_FAMILY_IP4)
		return memcpy(buf, "-", 2);
	for (unsigned int i = 0; i < 4; i++) {
		to = rw_number_text(to, ip->bytes[i]);
		*to++ = i < 3 ? '.' : '\0';
	}
	return buf;
}

/* Writes "a.b.c.d:port" or "[v6]:port" and returns buf. */
static inline const char *rw_endpoint_text(const struct rw_endpoint *ep,
					   char buf[static RW_ENDPOINT_TEXT])
{
	char ip[RW_IP_TEXT];
	size_t n = strlen(rw_ip_text(&ep->ip, ip));
	bool v6 = ep->ip.family == RW_FAMILY_IP6;
	char *to = buf;

	if (v6)
		*to++ = '[';
	memcpy(to, ip, n);
	to += n;
	if (v6)
		*to++ = ']';
	*to++ = ':';
	*rw_number_text(to, ntohs(ep->port_be)) = 0;
	return buf;
}

/* True when ip lies in the prefix (same family and the leading bits agree). */
static inline bool rw_prefix_contains(const struct rw_prefix *p, const struct rw_ip *ip)
{
	unsigned int whole = p->bits / 8, rest = p->bits % 8;

	if (p->ip.family != ip->family || memcmp(p->ip.bytes, ip->bytes, whole) != 0)
		return false;
	if (!rest)
		return true;
	return ((p->ip.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest)) == 0;
}

#endif
