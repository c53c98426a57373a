/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sockets that DPDK's drivers open for a port, one a queue and in order: they do not tell them, but a worker sleeps on
 * them, and some are shared with the XDP program (port.h). Main thread.
 */
#include "port.h"

#include <dirent.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool is_of_domain(int fd, int domain)
{
	int is = 0;
	socklen_t len = sizeof(is);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &is, &len) == 0 && is == domain;
}

static bool is_bound_to(int fd, int ifindex)
{
	struct sockaddr_ll at = { 0 };
	socklen_t len = sizeof(at);

	return getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.sll_ifindex == ifindex;
}

static bool is_known(const struct ports *ps, int fd)
{
	for (unsigned int i = 0; i < ps->count; i++)
		for (unsigned int s = 0; s < ps->port[i].socket_count; s++)
			if (ps->port[i].sockets[s] == fd)
				return true;
	return false;
}

void port_find_sockets(const struct ports *ps, struct port *p, int domain)
{
	DIR *dir =
		opendir("/proc/self/fd"); /* in the order of their numbers, as sockets get them */
	const struct dirent *e;

	while (dir && (e = readdir(dir)) && p->socket_count < PORT_SOCKETS_MAX) {
		int fd = atoi(e->d_name);

		if (!is_of_domain(fd, domain) || is_known(ps, fd))
			continue;
		if (domain == AF_XDP || is_bound_to(fd, p->ifindex))
			p->sockets[p->socket_count++] = fd;
	}
	if (dir)
		closedir(dir);
}
