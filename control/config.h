/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of rtpwire-control, checked once at start.
 */
#ifndef RTPWIRE_CONTROL_CONFIG_H
#define RTPWIRE_CONTROL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "rtpwire/addr.h"

#define CONFIG_LISTEN_MAX 16
#define CONFIG_INTERFACE_MAX 32
#define CONFIG_NAME_BYTES 32

enum listen_kind { LISTEN_UNIX, LISTEN_UNIX_DGRAM, LISTEN_UDP, LISTEN_TCP };

struct listen_spec {
	enum listen_kind kind;
	char path[108]; /* UNIX kinds */
	struct rw_endpoint at; /* UDP, TCP */
};

/*
 * --interface [NAME/]ADDRESS[!ADVERTISED]. Entries of one name form a logical interface, in order.
 */
struct interface_spec {
	char name[CONFIG_NAME_BYTES]; /* "default" when not given */
	struct rw_ip address; /* must be a media address of the dataplane */
	struct rw_ip advertised; /* equals address when not given */
};

struct config {
	char dataplane[108]; /* --dataplane PATH */
	struct listen_spec listen[CONFIG_LISTEN_MAX];
	unsigned int listen_count;
	unsigned int listen_mode; /* --listen-mode: permissions of UNIX sockets; 0660 */
	char listen_group[64]; /* --listen-group: their group; empty: "kamailio" if there is one */
	struct interface_spec
		interfaces[CONFIG_INTERFACE_MAX]; /* empty: all media addresses as "default" */
	unsigned int interface_count;
	unsigned int
		timeout_s; /* --timeout: call ends when no packet came on any of its ports; 60 */
	unsigned int
		silent_timeout_s; /* --silent-timeout: same, when all media are on hold; 3600 */
	unsigned int offer_timeout_s; /* --offer-timeout: offer without an answer; 3600 */
	unsigned int delete_delay_s; /* --delete-delay; 30 */
	unsigned int max_sessions; /* --max-sessions; 0 = no limit but ports */
	int tos; /* --tos: 0..255 for media sent, default 184 (EF) */
	bool sip_source; /* --sip-source: addresses from received-from, not from SDP */
	/* --user: to run as when started by root; empty: "rtpwire" if there is one, else "nobody" */
	char user[64];
	unsigned int log_level; /* --log-level: syslog numbers, default 6 */
};

/*
 * Reads argv. Returns 0 with *cfg; 1 when --help or --version was served (exit 0); -EINVAL after
 * one message on stderr that names the option, what is wrong and what would be right (exit 2).
 */
int config_parse(int argc, char **argv, struct config *cfg);

#endif
