/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Logical interfaces: names that a proxy uses in `direction`, each with one or more media addresses of the
 * dataplane and the address that is advertised for each. Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_INTERFACES_H
#define RTPWIRE_CONTROL_INTERFACES_H

#include <stdbool.h>

#include "rtpwire/flow.h"

#include "config.h"
#include "str.h"

#define INTERFACES_MAX CONFIG_INTERFACE_MAX

struct interface_entry {
	uint8_t logical; /* index in interfaces.names */
	uint8_t media; /* index in the dataplane's media addresses */
	struct rw_ip address; /* bound */
	struct rw_ip advertised; /* printed */
};

struct interfaces {
	unsigned int entry_count;
	struct interface_entry entries[INTERFACES_MAX];
	unsigned int logical_count;
	char names[INTERFACES_MAX][CONFIG_NAME_BYTES]; /* the first is the default */
};

/*
 * Matches the configured interfaces with the dataplane's media addresses; without any configured, all media
 * addresses are "default". 0; -EINVAL and *bad (an index of cfg->interfaces) for an address that is none.
 */
int interfaces_build(const struct config *cfg, const struct rw_limits *limits,
		     struct interfaces *out, unsigned int *bad);

/*
 * Index of a name; the default (0) for a name that is not configured or absent (p NULL). *hint is the family that the
 * unconfigured names "internal" (IPv4) and "external" (IPv6) stand for, else RW_FAMILY_NONE.
 */
unsigned int interfaces_find(const struct interfaces *ifs, struct str name, enum rw_family *hint);

/*
 * The n-th entry (from 0) of a logical interface with addresses of family; of the other family when it has none
 * of this one. -1 when there is no n-th.
 */
int interfaces_pick(const struct interfaces *ifs, unsigned int logical, enum rw_family family,
		    unsigned int n);

#endif
