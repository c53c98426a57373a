/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rule that keeps the kernel from answering media packets: AF_PACKET gives us copies, so without it
 * the kernel would send ICMP "port unreachable" for each. Main thread.
 */
#ifndef RTPWIRE_DATAPLANE_NFTDROP_H
#define RTPWIRE_DATAPLANE_NFTDROP_H

#include "rtpwire/flow.h"

#define NFTDROP_TEXT_BYTES 4096

/*
 * Writes the nft commands that make the table of an interface anew: UDP to the media addresses and the
 * port range is dropped. Returns buf. iface is at most IFNAMSIZ - 1 bytes.
 */
const char *nftdrop_text(const char *iface, const struct rw_limits *lim,
			 char buf[static NFTDROP_TEXT_BYTES]);

/* Installs it, in place of what an earlier dataplane left. 0, or -EIO (logged). */
int nftdrop_install(const char *iface, const struct rw_limits *lim);

/* Removes what a dataplane that was killed left, if there is anything and we may. */
void nftdrop_forget(const char *iface);

/* Removes it; not being there is fine. Other errors are logged. */
void nftdrop_remove(const char *iface);

#endif
