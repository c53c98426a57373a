/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening of listeners: addresses, socket files, their owner and mode. Control's only thread, at
 * start.
 */
#include "ngsock_impl.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "rtpwire/abi.h"

#define BUFFER_BYTES (4 << 20) /* bursts of requests wait here; the kernel may give less */

static int fail(const struct listener *l, const char *what)
{
	int why = errno;

	log_error("--listen %s: %s: %s", l->name, what, strerror(why));
	return why == EADDRINUSE ? -EADDRINUSE : -EIO;
}

static void set_buffers(int fd)
{
	int bytes = BUFFER_BYTES;

	/* FORCE needs privileges; without them the system's limit is what there is */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static socklen_t to_sockaddr(const struct rw_endpoint *ep, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (void *)out;
	struct sockaddr_in6 *in6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (ep->ip.family == RW_FAMILY_IP6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = ep->port_be;
		memcpy(&in6->sin6_addr, ep->ip.bytes, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = ep->port_be;
	memcpy(&in->sin_addr, ep->ip.bytes, 4);
	return sizeof(*in);
}

/* The name with the port that was really bound. */
static void name_inet(struct listener *l, struct rw_endpoint ep)
{
	struct sockaddr_storage bound;
	socklen_t bytes = sizeof(bound);
	char text[RW_ENDPOINT_TEXT];

	if (l->fd >= 0 && getsockname(l->fd, (void *)&bound, &bytes) == 0)
		ep.port_be = ((struct sockaddr_in *)&bound)->sin_port; /* same place in IPv6 */
	snprintf(l->name, sizeof(l->name), "%s:%s", l->kind == LISTEN_UDP ? "udp" : "tcp",
		 rw_endpoint_text(&ep, text));
}

static int set_inet_options(const struct listener *l, bool v6)
{
	const int on = 1, fragment = IP_PMTUDISC_DONT;
	int rc = 0;

	if (v6)
		rc |= setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (l->kind == LISTEN_TCP)
		return rc | setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (v6) {
		rc |= setsockopt(l->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
		rc |= setsockopt(l->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &fragment,
				 sizeof(fragment));
	} else {
		rc |= setsockopt(l->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
		rc |= setsockopt(l->fd, IPPROTO_IP, IP_MTU_DISCOVER, &fragment, sizeof(fragment));
	}
	set_buffers(l->fd);
	return rc;
}

static int open_inet(struct listener *l, const struct listen_spec *spec)
{
	bool v6 = spec->at.ip.family == RW_FAMILY_IP6;
	int type = l->kind == LISTEN_TCP ? SOCK_STREAM : SOCK_DGRAM;
	struct sockaddr_storage at;
	socklen_t bytes = to_sockaddr(&spec->at, &at);

	name_inet(l, spec->at);
	l->fd = socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return fail(l, "socket");
	if (set_inet_options(l, v6) != 0)
		return fail(l, "set socket options");
	if (bind(l->fd, (void *)&at, bytes) != 0)
		return fail(l, "bind");
	if (type == SOCK_STREAM && listen(l->fd, SOMAXCONN) != 0)
		return fail(l, "listen");
	name_inet(l, spec->at);
	return 0;
}

static int unix_socket(enum listen_kind kind)
{
	int type = kind == LISTEN_UNIX ? SOCK_STREAM : SOCK_DGRAM;

	return socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/*
 * Removes a socket file that its owner left behind. Only connect() tells whether somebody listens.
 */
static int remove_stale(const struct listener *l, const struct sockaddr_un *at)
{
	struct stat st;
	int fd, rc;

	if (lstat(l->path, &st) != 0)
		return errno == ENOENT ? 0 : fail(l, "look at the path");
	if (!S_ISSOCK(st.st_mode)) {
		log_error("--listen %s: the path is no socket; name another one or remove it",
			  l->name);
		return -EINVAL;
	}
	fd = unix_socket(l->kind);
	if (fd < 0)
		return fail(l, "socket");
	rc = connect(fd, (const void *)at, sizeof(*at));
	if (rc != 0 && errno == ECONNREFUSED)
		rc = 1;
	close(fd);
	if (rc != 1) {
		log_error("--listen %s: in use: stop the process that listens there, or name "
			  "another path",
			  l->name);
		return -EADDRINUSE;
	}
	return unlink(l->path) == 0 ? 0 : fail(l, "remove the stale socket");
}

/* The group of the socket file, (gid_t)-1 = leave it. */
static int find_group(const struct listener *l, const char *name, gid_t *out)
{
	const struct group *gr = getgrnam(*name ? name : "kamailio");

	*out = gr ? gr->gr_gid : (gid_t)-1;
	if (gr || !*name)
		return 0;
	log_error("--listen-group %s: no such group (for %s)", name, l->name);
	return -EINVAL;
}

static int bind_unix(struct listener *l, const struct sockaddr_un *at, const struct config *cfg,
		     uid_t owner)
{
	gid_t group;
	struct stat st;
	mode_t mask;
	int rc = find_group(l, cfg->listen_group, &group);

	if (rc)
		return rc;
	mask = umask(0177); /* nobody gets in before owner and mode are right */
	rc = bind(l->fd, (const void *)at, sizeof(*at));
	umask(mask);
	if (rc != 0)
		return fail(l, "bind");
	if (lstat(l->path, &st) != 0)
		return fail(l, "look at the new socket");
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	if (geteuid() == 0 && lchown(l->path, owner, group) != 0)
		return fail(l, "set the owner");
	if (geteuid() != 0 && group != (gid_t)-1 && lchown(l->path, (uid_t)-1, group) != 0 &&
	    *cfg->listen_group)
		return fail(l, "set the group");
	if (chmod(l->path, cfg->listen_mode) != 0)
		return fail(l, "set the mode");
	return 0;
}

/* The usual directory lives on a tmpfs and is gone after a boot. */
static void make_default_directory(const char *path)
{
	char dir[] = RW_CONTROL_SOCKET;
	size_t n = (size_t)(strrchr(dir, '/') - dir);

	dir[n] = '\0';
	if (strncmp(path, RW_CONTROL_SOCKET, n + 1) != 0 || strchr(path + n + 1, '/') ||
	    mkdir(dir, 0755) != 0)
		return; /* not ours to make, or there already, or bind() will say what is wrong */
	if (chmod(dir, 0755) != 0)
		log_warning("%s: chmod: %s", dir, strerror(errno));
}

static int open_unix(struct listener *l, const struct listen_spec *spec, const struct config *cfg,
		     uid_t owner)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int rc;

	l->path = spec->path;
	snprintf(l->name, sizeof(l->name), "%s:%s", l->kind == LISTEN_UNIX ? "unix" : "unix-dgram",
		 spec->path);
	memcpy(at.sun_path, spec->path, sizeof(at.sun_path));
	make_default_directory(spec->path);
	rc = remove_stale(l, &at);
	if (rc)
		return rc;
	l->fd = unix_socket(l->kind);
	if (l->fd < 0)
		return fail(l, "socket");
	set_buffers(l->fd);
	rc = bind_unix(l, &at, cfg, owner);
	if (rc)
		return rc;
	if (l->kind == LISTEN_UNIX && listen(l->fd, SOMAXCONN) != 0)
		return fail(l, "listen");
	return 0;
}

int listener_open(struct listener *l, const struct listen_spec *spec, const struct config *cfg,
		  uid_t owner)
{
	l->kind = spec->kind;
	l->fd = -1;
	l->path = NULL;
	if (spec->kind == LISTEN_UDP || spec->kind == LISTEN_TCP)
		return open_inet(l, spec);
	return open_unix(l, spec, cfg, owner);
}

void listener_close(struct listener *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	close(l->fd);
	l->fd = -1;
	if (!l->ino || lstat(l->path, &st) != 0 || st.st_dev != l->dev || st.st_ino != l->ino)
		return;
	if (unlink(l->path) != 0)
		log_info("%s stays behind (%s); the next start replaces it", l->path,
			 strerror(errno));
}
