/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * packet:IFACE. AF_PACKET gives us a copy of each frame; an nftables rule drops the kernel's copy of
 * media. Main thread.
 */
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nftdrop.h"

/* What the kernel puts in front of a frame in the ring (TPACKET_V2), and Ethernet with one tag. */
#define FRAME_OVERHEAD_BYTES 96u
#define FRAME_MIN_BYTES 2048u
#define FRAME_MAX_BYTES 16384u
#define BLOCK_MIN_BYTES 4096u
/* A burst of a quarter of a second at 16,000 packets a second fits the ring. */
#define FRAMES 4096u
#define QUEUES_MAX 8u

/* The ring wants powers of two. */
static unsigned int frame_bytes(const struct port *p)
{
	unsigned int n = FRAME_MIN_BYTES;

	while (n < p->mtu + FRAME_OVERHEAD_BYTES && n < FRAME_MAX_BYTES)
		n *= 2;
	return n;
}

static int check_rights(const struct port *p)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	log_error("--port %s: cannot open a packet socket: %m; run as root or with CAP_NET_RAW and "
		  "CAP_NET_ADMIN",
		  p->spec->text);
	return -EINVAL;
}

static int packet_check(const struct ports *ps, struct port *p)
{
	unsigned int workers = ps->config->limits.workers;

	if (check_rights(p) < 0 || port_claim_interface(ps, p) < 0)
		return -EINVAL;
	if (p->mtu + FRAME_OVERHEAD_BYTES > FRAME_MAX_BYTES) {
		log_error("--port %s: MTU %u is too large; run: ip link set %s mtu 9000",
			  p->spec->text, p->mtu, p->spec->subject);
		return -EINVAL;
	}
	if (!p->queues)
		p->queues = (uint16_t)(workers < QUEUES_MAX ? workers : QUEUES_MAX);
	p->buffer_bytes = frame_bytes(p); /* the driver wants a buffer to hold a slot of the ring */
	port_xdp_forget(p);
	if (nftdrop_install(p->spec->subject, &ps->config->limits) < 0) {
		port_unclaim_interface(p);
		return -EINVAL;
	}
	snprintf(p->note, sizeof(p->note),
		 "the kernel copies each packet and sees all of the interface's traffic");
	return 0;
}

static void packet_args(const struct port *p, unsigned int n, char *buf, size_t bytes)
{
	unsigned int frame = frame_bytes(p);

	(void)n;
	snprintf(buf, bytes, "iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1",
		 p->spec->subject, p->queues, frame > BLOCK_MIN_BYTES ? frame : BLOCK_MIN_BYTES,
		 frame, FRAMES);
}

static int packet_ready(struct ports *ps, struct port *p, unsigned int n)
{
	(void)n;
	port_find_sockets(ps, p, AF_PACKET);
	return 0;
}

static void packet_closed(const struct ports *ps, struct port *p)
{
	(void)ps;
	/* without the lock the table is another dataplane's */
	if (p->lock_fd >= 0)
		nftdrop_remove(p->spec->subject);
	p->socket_count = 0;
	port_unclaim_interface(p);
}

const struct port_ops port_packet_ops = { "net_af_packet", packet_check, packet_args, packet_ready,
					  packet_closed };
