/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xdp:IFACE. DPDK's net_af_xdp loads and attaches our steering program (xdp/steer.bpf.c), which is part of this
 * executable; we fill its maps then. Main thread.
 */
#include "port.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "nftdrop.h"
#include "xdp/steer.h"

_Static_assert(STEER_MEDIA_MAX == RW_MEDIA_MAX, "the maps hold all media addresses");

/* Copied into the executable by steer.S. */
extern const uint8_t steer_object[], steer_object_end[];

/* Largest IP packet: a frame, its headrooms and the buffer's head have to fit a page. */
#define XDP_MTU_MAX 3400u
/* The kernel keeps this much free in front of a received frame (XDP_PACKET_HEADROOM). */
#define XDP_HEADROOM_BYTES 256u
#define MAPS_MAX 16u

/* The program attached to an interface: its id (0 = none) and attach mode. 0 or -errno. */
static int query(int ifindex, uint32_t *id, uint32_t *mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	int rc = bpf_xdp_query(ifindex, 0, &opts);

	if (rc < 0)
		return rc;
	*mode = opts.attach_mode;
	*id = opts.prog_id ? opts.prog_id : opts.drv_prog_id;
	if (!*id)
		*id = opts.skb_prog_id ? opts.skb_prog_id : opts.hw_prog_id;
	return 0;
}

static int program_info(uint32_t id, struct bpf_prog_info *info, uint32_t maps[static MAPS_MAX])
{
	uint32_t len = sizeof(*info);
	int rc, fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0)
		return -errno;
	memset(info, 0, sizeof(*info));
	info->nr_map_ids = MAPS_MAX;
	info->map_ids = (uint64_t)(uintptr_t)maps;
	rc = bpf_obj_get_info_by_fd(fd, info, &len);
	close(fd);
	return rc;
}

static bool is_ours(const struct bpf_prog_info *info)
{
	return strncmp(info->name, STEER_PROGRAM, sizeof(info->name)) == 0;
}

/* Detaches our program, should it be attached. 0, -EBUSY when another one is, or -errno. */
static int detach_ours(int ifindex, char name[static BPF_OBJ_NAME_LEN], uint32_t *id)
{
	struct bpf_prog_info info;
	uint32_t maps[MAPS_MAX], mode;
	int rc = query(ifindex, id, &mode);

	if (rc < 0 || *id == 0)
		return rc;
	rc = program_info(*id, &info, maps);
	if (rc < 0)
		return rc;
	snprintf(name, BPF_OBJ_NAME_LEN, "%s", info.name);
	if (!is_ours(&info))
		return -EBUSY;
	return bpf_xdp_detach(ifindex, mode == XDP_ATTACHED_SKB ? XDP_FLAGS_SKB_MODE : 0, NULL);
}

void port_xdp_forget(const struct port *p)
{
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id;

	detach_ours(p->ifindex, name, &id);
}

/* Tries what needs rights first: DPDK would only say that something is invalid. */
static int check_rights(const struct port *p)
{
	int sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), err = errno;
	int map = sock < 0 ? -1 : bpf_map_create(BPF_MAP_TYPE_XSKMAP, "rtpwire_try", 4, 4, 1, NULL);

	if (sock >= 0 && map < 0)
		err = errno;
	if (sock >= 0)
		close(sock);
	if (map >= 0) {
		close(map);
		return 0;
	}
	if (err == EPERM || err == EACCES)
		log_error("--port %s: no right to use XDP; run as root or with CAP_NET_RAW, "
			  "CAP_NET_ADMIN and CAP_BPF",
			  p->spec->text);
	else
		log_error("--port %s: the kernel has no AF_XDP (%s); use packet:%s", p->spec->text,
			  strerror(err), p->spec->subject);
	return -EINVAL;
}

/* We hold the interface's lock: a program of ours on it was left by a dataplane that was killed. */
static int check_program(const struct port *p)
{
	char name[BPF_OBJ_NAME_LEN] = "";
	uint32_t id = 0;
	int rc = detach_ours(p->ifindex, name, &id);

	if (rc == -EBUSY) {
		log_error("--port %s: another XDP program (%s, id %u) is attached; detach it with: "
			  "ip link set %s xdp off, or use packet:%s",
			  p->spec->text, name, id, p->spec->subject, p->spec->subject);
		return -EINVAL;
	}
	if (rc < 0) {
		log_error("--port %s: cannot look at XDP programs: %s; run as root or with "
			  "CAP_NET_ADMIN and CAP_BPF",
			  p->spec->text, strerror(-rc));
		return -EINVAL;
	}
	if (id)
		log_info("--port %s: removed the XDP program of a dataplane that was killed",
			 p->spec->text);
	return 0;
}

/* Queues of an interface, now. */
struct queues {
	unsigned int rx, tx;
	unsigned int combined; /* of them: what one net_af_xdp device can serve, at least 1 */
};

static struct queues count_queues(const char *iface)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifr = { .ifr_data = (void *)&ch };
	struct queues n = { 1, 1, 1 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return n;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.*s", IFNAMSIZ - 1, iface);
	if (ioctl(fd, SIOCETHTOOL, &ifr) == 0) {
		if (ch.rx_count + ch.combined_count)
			n.rx = ch.rx_count + ch.combined_count;
		if (ch.tx_count + ch.combined_count)
			n.tx = ch.tx_count + ch.combined_count;
		if (ch.max_combined && ch.combined_count)
			n.combined = ch.combined_count;
	}
	close(fd);
	return n;
}

/*
 * All receive queues are served, or media on the others would be lost. net_af_xdp opens those that the
 * driver calls combined; where they have another name (veth, some clouds' NICs) each queue gets a
 * device of its own.
 */
static int check_queues(struct port *p)
{
	const char *iface = p->spec->subject;
	struct queues have = count_queues(iface);

	if (p->queues > have.rx) {
		log_error("--port %s: %s has %u receive queues; write queues=%u or less",
			  p->spec->text, iface, have.rx, have.rx);
		return -EINVAL;
	}
	if (!p->queues)
		p->queues = (uint16_t)(have.rx < STEER_QUEUES_MAX ? have.rx : STEER_QUEUES_MAX);
	if (p->queues < have.rx)
		snprintf(p->note, sizeof(p->note),
			 "media that arrives on receive queues %u-%u is lost: steer it to the "
			 "others (ethtool -X %s equal %u)",
			 p->queues, have.rx - 1, iface, p->queues);
	if (p->queues <= have.combined)
		return 0;
	if (p->queues > PORT_DEVICES_MAX) {
		log_error("--port %s: %s has %u receive queues, XDP reaches %u of this driver; "
			  "run: ethtool -L %s rx %u",
			  p->spec->text, iface, p->queues, PORT_DEVICES_MAX, iface,
			  PORT_DEVICES_MAX);
		return -EINVAL;
	}
	p->device_count = p->queues;
	p->tx_queues = (uint16_t)(have.tx < p->queues ? have.tx : p->queues);
	return 0;
}

/* DPDK wants a path: a memfd has one. */
static int make_program_file(struct port *p)
{
	size_t len = (size_t)(steer_object_end - steer_object);

	p->program_fd = memfd_create("rtpwire-steer", MFD_CLOEXEC);
	if (p->program_fd < 0 || write(p->program_fd, steer_object, len) != (ssize_t)len) {
		log_error("--port %s: cannot hand the XDP program over: %m", p->spec->text);
		return -EINVAL;
	}
	return 0;
}

static int xdp_check(const struct ports *ps, struct port *p)
{
	if (port_claim_interface(ps, p) < 0 || check_rights(p) < 0 || check_program(p) < 0 ||
	    check_queues(p) < 0)
		return -EINVAL;
	nftdrop_forget(p->spec->subject);
	if (p->mtu > XDP_MTU_MAX) {
		log_error("--port %s: MTU %u is too large for XDP; run: ip link set %s mtu 1500, "
			  "or use packet:%s",
			  p->spec->text, p->mtu, p->spec->subject, p->spec->subject);
		return -EINVAL;
	}
	p->buffer_bytes += XDP_HEADROOM_BYTES;
	return make_program_file(p);
}

/*
 * Busy polling of the socket would make a system call of every empty turn: our workers poll the
 * rings themselves.
 */
static void xdp_args(const struct port *p, unsigned int n, char *buf, size_t bytes)
{
	snprintf(buf, bytes,
		 "iface=%s,start_queue=%u,queue_count=%u,busy_budget=0,xdp_prog=/proc/self/fd/%d",
		 p->spec->subject, n, p->device_count > 1 ? 1 : p->queues, p->program_fd);
	errno = 0; /* net_af_xdp takes an older EOPNOTSUPP for the answer to a question of its own */
}

/* The map of a program by its name; -1 when there is none. */
static int open_map(const struct bpf_prog_info *prog, const uint32_t *maps, const char *name)
{
	for (uint32_t i = 0; i < prog->nr_map_ids && i < MAPS_MAX; i++) {
		struct bpf_map_info info = { .type = 0 };
		uint32_t len = sizeof(info);
		int fd = bpf_map_get_fd_by_id(maps[i]);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
		    strcmp(info.name, name) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static int put(const struct bpf_prog_info *prog, const uint32_t *maps, const char *name,
	       const void *key, const void *value)
{
	int fd = open_map(prog, maps, name);
	int rc = fd < 0 ? -ENOENT : bpf_map_update_elem(fd, key, value, BPF_ANY);

	if (fd >= 0)
		close(fd);
	return rc;
}

/* The port range first: without it everything passes, so no packet is taken half informed. */
static int fill_maps(const struct ports *ps, const struct bpf_prog_info *prog, const uint32_t *maps)
{
	const struct rw_limits *lim = &ps->config->limits;
	struct steer_range range = { lim->port_min, lim->port_max };
	uint32_t zero = 0;
	uint8_t one = 1;
	int rc = put(prog, maps, "port_range", &zero, &range);

	for (unsigned int i = 0; i < lim->media_count && rc == 0; i++)
		rc = put(prog, maps, lim->media[i].family == RW_FAMILY_IP4 ? "media4" : "media6",
			 lim->media[i].bytes, &one);
	return rc;
}

/* The program of the last device has only that one's socket so far. */
static int share_sockets(const struct port *p, const struct bpf_prog_info *prog,
			 const uint32_t *maps)
{
	int rc = p->socket_count < p->device_count ? -ENOENT : 0;

	for (uint32_t q = 0; q + 1 < p->device_count && rc == 0; q++)
		rc = put(prog, maps, "xsks_map", &q, &p->sockets[q]);
	return rc;
}

/* Says whether the kernel copies packets for one of the port's sockets. */
static bool any_socket_copies(const struct port *p)
{
	for (unsigned int i = 0; i < p->socket_count; i++) {
		struct xdp_options opts = { .flags = 0 };
		socklen_t len = sizeof(opts);

		if (getsockopt(p->sockets[i], SOL_XDP, XDP_OPTIONS, &opts, &len) == 0 &&
		    !(opts.flags & XDP_OPTIONS_ZEROCOPY))
			return true;
	}
	return false;
}

static void describe(struct port *p, uint32_t mode)
{
	size_t len = strlen(p->note);

	snprintf(p->note + len, sizeof(p->note) - len, "%s%s%s", len ? "; " : "",
		 mode == XDP_ATTACHED_SKB ? "generic XDP: the driver has none of its own, slower, "
					  : "",
		 any_socket_copies(p) ? "copy mode: the kernel copies each packet" : "zero copy");
}

static int set_up_program(struct ports *ps, struct port *p, unsigned int n)
{
	char name[BPF_OBJ_NAME_LEN];
	struct bpf_prog_info info;
	uint32_t maps[MAPS_MAX], id = 0, mode = 0;
	int rc = query(p->ifindex, &id, &mode);

	/* the next device wants to attach a program of its own, the last one's stays */
	if (rc == 0 && n + 1 < p->device_count)
		return detach_ours(p->ifindex, name, &id);
	if (rc == 0)
		rc = id ? program_info(id, &info, maps) : -ENOENT;
	if (rc == 0 && !is_ours(&info))
		rc = -EBUSY;
	if (rc == 0)
		rc = share_sockets(p, &info, maps);
	if (rc == 0)
		rc = fill_maps(ps, &info, maps);
	if (rc == 0)
		describe(p, mode);
	return rc;
}

static int xdp_ready(struct ports *ps, struct port *p, unsigned int n)
{
	int rc;

	port_find_sockets(ps, p, AF_XDP);
	rc = set_up_program(ps, p, n);
	if (rc == 0)
		return 0;
	log_error("--port %s: cannot set up the XDP program: %s; see bpftool net", p->spec->text,
		  strerror(-rc));
	return -EIO;
}

static void xdp_closed(const struct ports *ps, struct port *p)
{
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id;

	(void)ps;
	/* DPDK has detached it, unless it failed half way; an interface that is gone is fine */
	if (p->lock_fd >= 0)
		detach_ours(p->ifindex, name, &id);
	if (p->program_fd >= 0)
		close(p->program_fd);
	p->program_fd = -1;
	p->socket_count = 0;
	port_unclaim_interface(p);
}

const struct port_ops port_xdp_ops = { "net_af_xdp", xdp_check, xdp_args, xdp_ready, xdp_closed };
