/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Logical interfaces of interfaces.h. Pure; control's only thread.
 */
#include "interfaces.h"

#include <errno.h>
#include <stdio.h>

static int media_index(const struct rw_limits *limits, const struct rw_ip *ip)
{
	for (unsigned int i = 0; i < limits->media_count; i++) {
		if (rw_ip_equal(&limits->media[i], ip))
			return (int)i;
	}
	return -1;
}

static unsigned int logical_index(struct interfaces *ifs, const char *name)
{
	for (unsigned int i = 0; i < ifs->logical_count; i++) {
		if (strcmp(ifs->names[i], name) == 0)
			return i;
	}
	snprintf(ifs->names[ifs->logical_count], CONFIG_NAME_BYTES, "%s", name);
	return ifs->logical_count++;
}

static void add(struct interfaces *ifs, const char *name, unsigned int media,
		const struct rw_ip *address, const struct rw_ip *advertised)
{
	struct interface_entry *e = &ifs->entries[ifs->entry_count++];

	e->logical = (uint8_t)logical_index(ifs, name);
	e->media = (uint8_t)media;
	e->address = *address;
	e->advertised = *advertised;
}

int interfaces_build(const struct config *cfg, const struct rw_limits *limits,
		     struct interfaces *out, unsigned int *bad)
{
	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < cfg->interface_count && i < INTERFACES_MAX; i++) {
		const struct interface_spec *s = &cfg->interfaces[i];
		int media = media_index(limits, &s->address);

		if (media < 0) {
			*bad = i;
			return -EINVAL;
		}
		add(out, s->name, (unsigned int)media, &s->address, &s->advertised);
	}
	for (unsigned int i = 0; cfg->interface_count == 0 && i < limits->media_count; i++)
		add(out, "default", i, &limits->media[i], &limits->media[i]);
	return 0;
}

unsigned int interfaces_find(const struct interfaces *ifs, struct str name, enum rw_family *hint)
{
	*hint = RW_FAMILY_NONE;
	for (unsigned int i = 0; name.p && i < ifs->logical_count; i++) {
		if (str_is(name, ifs->names[i]))
			return i;
	}
	if (name.p && str_is(name, "internal"))
		*hint = RW_FAMILY_IP4;
	else if (name.p && str_is(name, "external"))
		*hint = RW_FAMILY_IP6;
	return 0;
}

static int pick(const struct interfaces *ifs, unsigned int logical, enum rw_family family,
		unsigned int n)
{
	for (unsigned int i = 0; i < ifs->entry_count; i++) {
		const struct interface_entry *e = &ifs->entries[i];

		if (e->logical == logical && e->address.family == family && n-- == 0)
			return (int)i;
	}
	return -1;
}

int interfaces_pick(const struct interfaces *ifs, unsigned int logical, enum rw_family family,
		    unsigned int n)
{
	enum rw_family other = family == RW_FAMILY_IP6 ? RW_FAMILY_IP4 : RW_FAMILY_IP6;

	if (pick(ifs, logical, family, 0) < 0)
		family = other;
	return pick(ifs, logical, family, n);
}
