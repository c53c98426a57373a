/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Serves the shared memories on a UNIX socket. Manager thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rtpwire/hello.h"
#include "rtpwire/shm.h"

#include "log.h"
#include "shmhost.h"

#define CLIENTS_MAX 64u
#define OBSERVERS_MAX 48u /* fewer, so they never keep control out */
#define HELLO_NS 1000000000ull
#define EVENTS_A_TURN 32

/* epoll data of the descriptors that are not clients */
#define TOKEN_LISTEN CLIENTS_MAX
#define TOKEN_DOORBELL (CLIENTS_MAX + 1)

enum client_state { CLIENT_FREE, CLIENT_SILENT, CLIENT_OBSERVER, CLIENT_CONTROL };

struct client {
	enum client_state state;
	int fd;
	uint64_t since_ns; /* connected */
};

struct shmhost {
	struct shmhost_listener listener;
	struct rw_limits limits;
	uint64_t epoch;
	char backend[sizeof(((struct rw_welcome *)NULL)->backend)];
	int stats_fd;
	struct sockaddr_un addr;
	dev_t dev; /* of the socket file that we made */
	ino_t ino;
	int epoll_fd;
	int listen_fd;
	struct client clients[CLIENTS_MAX];
	struct client *control; /* NULL = none */
	void *wire; /* of that control, with its eventfds */
	int wire_fd, commands_fd, events_fd;
};

static int watch(struct shmhost *h, int fd, uint32_t token)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = token };

	return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/*
 * Makes way for our socket file: removes one on which nobody listens. 0, -EADDRINUSE when somebody does,
 * -EEXIST when the path is something else.
 */
static int clear_path(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err = 0;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		err = errno;
	close(fd);
	if (err != ECONNREFUSED) /* EAGAIN, EPROTOTYPE: somebody is there */
		return -EADDRINUSE;
	return unlink(addr->sun_path) < 0 ? -errno : 0;
}

static int set_permissions(struct shmhost *h, const struct shmhost_config *c)
{
	struct stat st;

	if ((c->group_set || c->group_default) && chown(h->addr.sun_path, (uid_t)-1, c->gid) < 0) {
		if (c->group_set)
			return -errno;
		/* in a user namespace that group may not exist */
		log_warning("--socket %s: group stays: %m", h->addr.sun_path);
	}
	if (chmod(h->addr.sun_path, c->mode) < 0 || stat(h->addr.sun_path, &st) < 0)
		return -errno;
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	return 0;
}

static int start_listening(struct shmhost *h, const struct shmhost_config *c)
{
	mode_t mask;
	int rc = clear_path(&h->addr);

	if (rc < 0)
		return rc;
	h->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->listen_fd < 0)
		return -errno;
	mask = umask(0777); /* nobody connects before the mode is set */
	rc = bind(h->listen_fd, (struct sockaddr *)&h->addr, sizeof(h->addr)) < 0 ? -errno : 0;
	umask(mask);
	if (rc < 0)
		return rc;
	rc = set_permissions(h, c);
	if (rc < 0)
		return rc;
	if (listen(h->listen_fd, 16) < 0)
		return -errno;
	return watch(h, h->listen_fd, TOKEN_LISTEN);
}

static void explain(const char *path, int rc)
{
	if (rc == -EADDRINUSE)
		log_error("--socket %s: another dataplane listens there; stop it or choose "
			  "another path",
			  path);
	else if (rc == -EEXIST)
		log_error("--socket %s: exists and is not a socket; remove it or choose another "
			  "path",
			  path);
	else if (rc == -ENOENT)
		log_error("--socket %s: its directory does not exist; create it", path);
	else
		log_error("--socket %s: %s; check the directory's owner and mode", path,
			  strerror(-rc));
}

int shmhost_new(const struct shmhost_config *config, const struct shmhost_listener *listener,
		struct shmhost **out)
{
	struct shmhost *h = calloc(1, sizeof(*h));
	int rc = -ENOMEM;

	if (!h)
		goto fail;
	h->listener = *listener;
	h->limits = config->limits;
	h->epoch = config->epoch;
	h->stats_fd = config->stats_fd;
	snprintf(h->backend, sizeof(h->backend), "%s", config->backend);
	h->listen_fd = h->wire_fd = h->commands_fd = h->events_fd = -1;
	h->addr.sun_family = AF_UNIX;
	snprintf(h->addr.sun_path, sizeof(h->addr.sun_path), "%s", config->path);
	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	rc = h->epoll_fd < 0 ? -errno : start_listening(h, config);
	if (rc < 0)
		goto fail;
	*out = h;
	return 0;
fail:
	explain(config->path, rc);
	shmhost_free(h);
	return rc;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void free_wire(struct shmhost *h)
{
	if (h->wire)
		munmap(h->wire, rw_wire_bytes());
	h->wire = NULL;
	close_fd(&h->wire_fd);
	close_fd(&h->commands_fd);
	close_fd(&h->events_fd);
}

static void drop_client(struct shmhost *h, struct client *c)
{
	close_fd(&c->fd);
	c->state = CLIENT_FREE;
	if (h->control != c)
		return;
	h->control = NULL;
	h->listener.detached(h->listener.arg);
	free_wire(h);
}

void shmhost_free(struct shmhost *h)
{
	struct stat st;

	if (!h)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		if (h->clients[i].state != CLIENT_FREE)
			drop_client(h, &h->clients[i]);
	if (h->ino && stat(h->addr.sun_path, &st) == 0 && st.st_ino == h->ino &&
	    st.st_dev == h->dev)
		unlink(h->addr.sun_path);
	close_fd(&h->listen_fd);
	close_fd(&h->epoll_fd);
	free(h);
}

int shmhost_fd(const struct shmhost *h)
{
	return h->epoll_fd;
}

/* A place for a new client: a free one, else that of the client that has been silent longest. */
static struct client *place(struct shmhost *h)
{
	struct client *oldest = NULL;

	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &h->clients[i];

		if (c->state == CLIENT_FREE)
			return c;
		if (c->state == CLIENT_SILENT && (!oldest || c->since_ns < oldest->since_ns))
			oldest = c;
	}
	if (oldest)
		drop_client(h, oldest);
	return oldest;
}

static void accept_client(struct shmhost *h, uint64_t now_ns)
{
	int fd = accept4(h->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0)
		return;
	c = place(h);
	if (!c || watch(h, fd, (uint32_t)(c - h->clients)) < 0) {
		log_warning("%u clients are connected: one more was turned away", CLIENTS_MAX);
		close(fd);
		return;
	}
	*c = (struct client){ .state = CLIENT_SILENT, .fd = fd, .since_ns = now_ns };
}

/* Fresh memory and eventfds for a control. 0 or -errno with nothing left behind. */
static int make_wire(struct shmhost *h)
{
	struct rw_wire_header *head;
	int rc = rw_shm_create("rtpwire-wire", rw_wire_bytes(), 0, &h->wire);

	if (rc < 0)
		return rc;
	h->wire_fd = rc;
	head = h->wire;
	head->magic = RW_WIRE_MAGIC;
	head->version = RW_ABI_VERSION;
	head->size_bytes = rw_wire_bytes();
	h->commands_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->events_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = h->commands_fd < 0 || h->events_fd < 0 ? -errno
						    : watch(h, h->commands_fd, TOKEN_DOORBELL);
	if (rc < 0)
		free_wire(h);
	return rc;
}

/* Sends the welcome, with fd_count descriptors. 0, or -errno: the client does not read. */
static int send_welcome(int fd, const struct rw_welcome *w, const int *fds, unsigned int fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(RW_FD_MAX * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)w, .iov_len = sizeof(*w) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (fd_count) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, fd_count * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static void fill_welcome(const struct shmhost *h, struct rw_welcome *w)
{
	memset(w, 0, sizeof(*w));
	w->magic = RW_ABI_MAGIC;
	w->version = RW_ABI_VERSION;
	w->size_count = RW_SHARED_STRUCT_COUNT;
	rw_hello_sizes(w->sizes);
	w->limits = h->limits;
	w->epoch = h->epoch;
	memcpy(w->backend, h->backend, sizeof(w->backend));
}

/* Says no and hangs up. */
static void refuse_client(struct shmhost *h, struct client *c, struct rw_welcome *w,
			  uint32_t status)
{
	w->status = status;
	log_warning("client refused: %s", w->message);
	send_welcome(c->fd, w, NULL, 0);
	drop_client(h, c);
}

static void welcome_observer(struct shmhost *h, struct client *c, struct rw_welcome *w)
{
	unsigned int observers = 0;

	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		observers += h->clients[i].state == CLIENT_OBSERVER;
	if (observers >= OBSERVERS_MAX) {
		snprintf(w->message, sizeof(w->message), "%u observers are connected", observers);
		refuse_client(h, c, w, RW_WELCOME_BUSY);
	} else if (send_welcome(c->fd, w, &h->stats_fd, 1) < 0) {
		drop_client(h, c);
	} else {
		c->state = CLIENT_OBSERVER;
	}
}

static void welcome_control(struct shmhost *h, struct client *c, const struct rw_welcome *w)
{
	int fds[RW_FD_MAX];
	int rc = make_wire(h);

	if (rc < 0) {
		log_error("control cannot be served: shared memory: %s", strerror(-rc));
		drop_client(h, c);
		return;
	}
	fds[RW_FD_STATS] = h->stats_fd;
	fds[RW_FD_WIRE] = h->wire_fd;
	fds[RW_FD_COMMANDS] = h->commands_fd;
	fds[RW_FD_EVENTS] = h->events_fd;
	if (send_welcome(c->fd, w, fds, RW_FD_MAX) < 0) {
		free_wire(h);
		drop_client(h, c);
		return;
	}
	c->state = CLIENT_CONTROL;
	h->control = c;
	log_info("control connected");
	h->listener.attached(h->listener.arg, h->wire);
}

/*
 * Says in message what is wrong with a hello of len_bytes, the missing bytes of which are zero. What
 * differs most is said first: other versions have hellos of other lengths.
 */
static void check_hello(const struct rw_hello *hello, size_t len_bytes, char *message,
			size_t message_bytes)
{
	if (len_bytes >= offsetof(struct rw_hello, sizes) &&
	    rw_hello_check(hello->magic, hello->version, hello->size_count, hello->sizes, message,
			   message_bytes) < 0)
		return;
	if (len_bytes != sizeof(*hello))
		snprintf(message, message_bytes, "hello has %zu bytes, need %zu", len_bytes,
			 sizeof(*hello));
	else if (hello->role != RW_ROLE_CONTROL && hello->role != RW_ROLE_OBSERVER)
		snprintf(message, message_bytes, "role is %u, need %u or %u", hello->role,
			 RW_ROLE_CONTROL, RW_ROLE_OBSERVER);
}

/* First message of a client. */
static void handle_hello(struct shmhost *h, struct client *c, const struct rw_hello *hello,
			 size_t len_bytes)
{
	struct rw_welcome w;

	fill_welcome(h, &w);
	check_hello(hello, len_bytes, w.message, sizeof(w.message));
	if (w.message[0]) {
		refuse_client(h, c, &w, RW_WELCOME_MISMATCH);
	} else if (hello->role == RW_ROLE_OBSERVER) {
		welcome_observer(h, c, &w);
	} else if (h->control) {
		snprintf(w.message, sizeof(w.message), "another control is connected");
		refuse_client(h, c, &w, RW_WELCOME_BUSY);
	} else {
		welcome_control(h, c, &w);
	}
}

static void read_client(struct shmhost *h, struct client *c)
{
	struct rw_hello hello = { .magic = 0 };
	/* MSG_TRUNC: the true length, also of a message that is longer */
	ssize_t n = recv(c->fd, &hello, sizeof(hello), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && c->state == CLIENT_SILENT) {
		handle_hello(h, c, &hello, (size_t)n);
		return;
	}
	if (c == h->control)
		log_info("control %s; flows go on",
			 n > 0 ? "sent what nobody expects: disconnected" : "disconnected");
	drop_client(h, c);
}

static void drop_silent(struct shmhost *h, uint64_t now_ns)
{
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &h->clients[i];

		if (c->state == CLIENT_SILENT && now_ns - c->since_ns >= HELLO_NS)
			drop_client(h, c);
	}
}

uint64_t shmhost_deadline_ns(const struct shmhost *h)
{
	uint64_t first = UINT64_MAX;

	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		if (h->clients[i].state == CLIENT_SILENT &&
		    h->clients[i].since_ns + HELLO_NS < first)
			first = h->clients[i].since_ns + HELLO_NS;
	return first;
}

void shmhost_work(struct shmhost *h, uint64_t now_ns)
{
	struct epoll_event evs[EVENTS_A_TURN];
	int n = epoll_wait(h->epoll_fd, evs, EVENTS_A_TURN, 0);
	uint64_t rings;

	for (int i = 0; i < n; i++) {
		uint32_t token = evs[i].data.u32;

		if (token == TOKEN_LISTEN)
			accept_client(h, now_ns);
		else if (token < CLIENTS_MAX && h->clients[token].state != CLIENT_FREE)
			read_client(h, &h->clients[token]);
		/* the doorbell may be gone with a control that this turn dropped */
		else if (token == TOKEN_DOORBELL && h->commands_fd >= 0 &&
			 read(h->commands_fd, &rings, sizeof(rings)) < 0 && errno != EAGAIN)
			log_debug("doorbell: %s", strerror(errno));
	}
	drop_silent(h, now_ns);
}

void shmhost_wake_control(struct shmhost *h)
{
	static const uint64_t one = 1;

	/* EAGAIN: control was woken very often and has not looked: it will */
	if (h->control && write(h->events_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_debug("waking control: %s", strerror(errno));
}

void shmhost_drop_control(struct shmhost *h, const char *why)
{
	if (!h->control)
		return;
	log_error("control disconnected because %s; flows go on", why);
	drop_client(h, h->control);
}
