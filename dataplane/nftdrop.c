/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Installs and removes the nftables table of a packet: port. Main thread.
 */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "nftdrop.h"

#define TABLE_BYTES (sizeof("rtpwire_") + 3 * IFNAMSIZ)

/* "rtpwire_" and the interface; what nft does not take in a name is written as .hex */
static const char *table_name(const char *iface, char buf[static TABLE_BYTES])
{
	size_t len = (size_t)snprintf(buf, TABLE_BYTES, "rtpwire_");

	for (; *iface && len + 4 <= TABLE_BYTES; iface++) {
		if (isalnum((unsigned char)*iface) || *iface == '_')
			len += (size_t)snprintf(buf + len, TABLE_BYTES - len, "%c", *iface);
		else
			len += (size_t)snprintf(buf + len, TABLE_BYTES - len, ".%02x",
						(unsigned char)*iface);
	}
	return buf;
}

/* Adds a rule for the addresses of one family, if there are any. Returns the new length. */
static size_t add_rule(char *buf, size_t len, const char *table, const struct rw_limits *lim,
		       uint8_t family)
{
	char ip[RW_IP_TEXT];
	unsigned int n = 0;

	for (unsigned int i = 0; i < lim->media_count; i++) {
		if (lim->media[i].family != family)
			continue;
		if (n++ == 0)
			len += (size_t)snprintf(buf + len, NFTDROP_TEXT_BYTES - len,
						"add rule inet %s media %s daddr { ", table,
						family == RW_FAMILY_IP4 ? "ip" : "ip6");
		len += (size_t)snprintf(buf + len, NFTDROP_TEXT_BYTES - len, "%s%s",
					n > 1 ? ", " : "", rw_ip_text(&lim->media[i], ip));
	}
	if (n)
		len += (size_t)snprintf(buf + len, NFTDROP_TEXT_BYTES - len,
					" } udp dport %u-%u drop\n", lim->port_min, lim->port_max);
	return len;
}

const char *nftdrop_text(const char *iface, const struct rw_limits *lim,
			 char buf[static NFTDROP_TEXT_BYTES])
{
	char table[TABLE_BYTES];
	size_t len;

	table_name(iface, table);
	/* one transaction: "add" makes the "delete" legal when there is nothing to delete */
	len = (size_t)
		snprintf(buf, NFTDROP_TEXT_BYTES,
			 "add table inet %s\n"
			 "delete table inet %s\n"
			 "add table inet %s\n"
			 "add chain inet %s media { type filter hook prerouting priority raw; }\n",
			 table, table, table, table);
	len = add_rule(buf, len, table, lim, RW_FAMILY_IP4);
	add_rule(buf, len, table, lim, RW_FAMILY_IP6);
	return buf;
}

/* Runs nft commands. 0, or -EIO (logged unless quiet). */
static int run(const char *text, bool quiet)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	const char *why;
	int rc = -EIO;

	if (!ctx)
		return -EIO;
	nft_ctx_buffer_error(ctx);
	nft_ctx_buffer_output(ctx);
	if (nft_run_cmd_from_buffer(ctx, text) == 0) {
		rc = 0;
	} else if (!quiet) {
		why = nft_ctx_get_error_buffer(ctx);
		log_error("nftables: %.*s; run as root or with CAP_NET_ADMIN",
			  why ? (int)strcspn(why, "\n") : 0, why ? why : "");
	}
	nft_ctx_free(ctx);
	return rc;
}

int nftdrop_install(const char *iface, const struct rw_limits *lim)
{
	char text[NFTDROP_TEXT_BYTES];

	return run(nftdrop_text(iface, lim, text), false);
}

void nftdrop_forget(const char *iface)
{
	char table[TABLE_BYTES], text[TABLE_BYTES + 32];

	table_name(iface, table);
	snprintf(text, sizeof(text), "delete table inet %s\n", table);
	run(text, true);
}

void nftdrop_remove(const char *iface)
{
	char table[TABLE_BYTES], text[2 * TABLE_BYTES + 64];

	table_name(iface, table);
	snprintf(text, sizeof(text), "add table inet %s\ndelete table inet %s\n", table, table);
	if (run(text, false) < 0)
		log_warning("nftables: table inet %s may be left behind; remove it by hand", table);
}
