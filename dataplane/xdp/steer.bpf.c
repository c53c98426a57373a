/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs in the kernel for every frame that an xdp: port receives, before the network stack sees it.
 *
 * UDP to one of our media addresses with a destination port of the media range goes to the AF_XDP socket
 * of its queue; everything else, fragments included, goes on to the kernel, so SIP, SSH, ARP and
 * ping on the same address keep working. A frame this program is not sure about is the kernel's.
 *
 * The maps are empty when the program is attached (all frames pass); port_xdp.c fills them.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "steer.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, STEER_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps"); /* name is DPDK's; writer: net_af_xdp */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_MEDIA_MAX);
	__type(key, __be32);
	__type(value, __u8);
} media4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_MEDIA_MAX);
	__type(key, struct in6_addr);
	__type(value, __u8);
} media6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct steer_range);
} port_range SEC(".maps");

struct vlan_tag {
	__be16 tci;
	__be16 proto;
};

static __always_inline int steer_udp(struct xdp_md *ctx, const struct udphdr *udp, const void *end)
{
	__u32 zero = 0;
	const struct steer_range *range = bpf_map_lookup_elem(&port_range, &zero);
	__u16 port;

	if ((const void *)(udp + 1) > end || !range)
		return XDP_PASS;
	port = bpf_ntohs(udp->dest);
	if (port < range->port_min || port > range->port_max)
		return XDP_PASS;
	return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

static __always_inline int steer_ip4(struct xdp_md *ctx, const struct iphdr *ip, const void *end)
{
	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return XDP_PASS;
	/* more fragments, or an offset: RFC 791 section 3.1 */
	if (ip->protocol != IPPROTO_UDP || (ip->frag_off & bpf_htons(0x3fff)))
		return XDP_PASS;
	if (!bpf_map_lookup_elem(&media4, &ip->daddr))
		return XDP_PASS;
	return steer_udp(ctx, (const void *)ip + ip->ihl * 4, end);
}

static __always_inline int steer_ip6(struct xdp_md *ctx, const struct ipv6hdr *ip, const void *end)
{
	if ((const void *)(ip + 1) > end || ip->version != 6 || ip->nexthdr != IPPROTO_UDP)
		return XDP_PASS;
	if (!bpf_map_lookup_elem(&media6, &ip->daddr))
		return XDP_PASS;
	return steer_udp(ctx, (const void *)(ip + 1), end);
}

SEC("xdp")
int rtpwire_steer(struct xdp_md *ctx)
{
	const void *at = (const void *)(long)ctx->data;
	const void *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = at;
	__be16 proto;

	if ((const void *)(eth + 1) > end)
		return XDP_PASS;
	proto = eth->h_proto;
	at = eth + 1;
	if (proto == bpf_htons(ETH_P_8021Q)) {
		const struct vlan_tag *tag = at;

		if ((const void *)(tag + 1) > end)
			return XDP_PASS;
		proto = tag->proto;
		at = tag + 1;
	}
	if (proto == bpf_htons(ETH_P_IP))
		return steer_ip4(ctx, at, end);
	if (proto == bpf_htons(ETH_P_IPV6))
		return steer_ip6(ctx, at, end);
	return XDP_PASS;
}

char steer_license[] SEC("license") = "Dual BSD/GPL";
