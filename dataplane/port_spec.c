/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes --port arguments apart. Pure; main thread, at start.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port_spec.h"
#include "worker.h"

/* One per enum port_kind, in its order. */
static const struct port_traits kinds[PORT_KIND_MAX] = {
	[PORT_XDP] = { .name = "xdp", .kernel = true },
	[PORT_PACKET] = { .name = "packet", .kernel = true },
	[PORT_PCI] = { .name = "pci", .kernel = true, .whole = true, .busy = true },
	[PORT_VDEV] = { .name = "vdev", .kernel = true, .whole = true },
	[PORT_MEMIF] = { .name = "memif" },
	[PORT_NULL] = { .name = "null" },
};

/* How each kind is written, for messages. */
static const char *const usages[PORT_KIND_MAX] = {
	[PORT_XDP] = "xdp:IFACE[,queues=N]",
	[PORT_PACKET] = "packet:IFACE[,queues=N]",
	[PORT_PCI] = "pci:ADDRESS[,kernel=NAME][,queues=N]",
	[PORT_VDEV] = "vdev:DRIVER[,KEY=VALUE...][,kernel=NAME]",
	[PORT_MEMIF] = "memif:role=server|client,socket=PATH,id=N[,peer-mac=MAC]",
	[PORT_NULL] = "null[:peer-mac=MAC]",
};

/* What net_memif takes and we hand on unchanged. */
static const char *const memif_keys[] = { "role",  "socket", "id",
					  "bsize", "rsize",  "socket-abstract",
					  "mac",   "secret", "zero-copy" };

const struct port_traits *port_traits(enum port_kind kind)
{
	return &kinds[kind];
}

static int parse_mac(const char *text, uint8_t out[static 6])
{
	unsigned int b[6];
	int used = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &used) != 6 ||
	    text[used] != '\0')
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		out[i] = (uint8_t)b[i];
	return 0;
}

static int parse_queues(const char *text, uint16_t *out)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	n = strtoul(text, &end, 10);
	if (*end != '\0' || n == 0 || n > RW_WORKERS_MAX)
		return -EINVAL;
	*out = (uint16_t)n;
	return 0;
}

/* A kernel interface's name: short, and nothing that would split a devargs string. */
static bool iface_name_valid(const char *name)
{
	return name[0] != '\0' && strlen(name) < IFNAMSIZ && !strpbrk(name, "/ \t,=:\"") &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* domain:bus:device.function or bus:device.function */
static bool pci_address_valid(const char *text)
{
	unsigned int dom, bus, dev, fn;
	int used = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &dom, &bus, &dev, &fn, &used) == 4 &&
	    text[used] == '\0')
		return true;
	used = 0;
	return sscanf(text, "%2x:%2x.%1x%n", &bus, &dev, &fn, &used) == 3 && text[used] == '\0';
}

static bool memif_key(const char *key)
{
	for (size_t i = 0; i < sizeof(memif_keys) / sizeof(memif_keys[0]); i++)
		if (strcmp(key, memif_keys[i]) == 0)
			return true;
	return false;
}

static int add_devarg(struct port_spec *s, const char *key, const char *value, char *err,
		      size_t err_bytes)
{
	size_t have = strlen(s->devargs);
	int n = snprintf(s->devargs + have, sizeof(s->devargs) - have, ",%s=%s", key, value);

	if (n >= 0 && (size_t)n < sizeof(s->devargs) - have)
		return 0;
	snprintf(err, err_bytes, "--port %s: device arguments are longer than %d bytes", s->text,
		 PORT_DEVARGS_BYTES - 1);
	return -EINVAL;
}

/* One key=value. 0, or -EINVAL and err. */
static int parse_option(struct port_spec *s, const char *key, const char *value, char *err,
			size_t err_bytes)
{
	const struct port_traits *t = port_traits(s->kind);

	if (strcmp(key, "queues") == 0 && s->kind != PORT_NULL && s->kind != PORT_VDEV) {
		if (parse_queues(value, &s->queues) == 0)
			return 0;
		snprintf(err, err_bytes, "--port %s: queues=%s is not a number from 1 to %d",
			 s->text, value, RW_WORKERS_MAX);
		return -EINVAL;
	}
	if (strcmp(key, "kernel") == 0 && t->whole) {
		if (iface_name_valid(value)) {
			snprintf(s->kernel, sizeof(s->kernel), "%s", value);
			return 0;
		}
		snprintf(err, err_bytes, "--port %s: kernel=%s is not an interface name", s->text,
			 value);
		return -EINVAL;
	}
	if (strcmp(key, "peer-mac") == 0 && !t->kernel) {
		if (parse_mac(value, s->peer_mac) == 0)
			return 0;
		snprintf(err, err_bytes, "--port %s: peer-mac=%s is not like 02:00:00:00:00:01",
			 s->text, value);
		return -EINVAL;
	}
	if (s->kind == PORT_VDEV || (s->kind == PORT_MEMIF && memif_key(key)))
		return add_devarg(s, key, value, err, err_bytes);
	snprintf(err, err_bytes, "--port %s: unknown option %s; write %s", s->text, key,
		 usages[s->kind]);
	return -EINVAL;
}

static bool has_devarg(const struct port_spec *s, const char *key)
{
	const char *at = s->devargs;
	size_t len = strlen(key);

	while ((at = strchr(at, ',')))
		if (strncmp(++at, key, len) == 0 && at[len] == '=')
			return true;
	return false;
}

/* What must hold once all is parsed. */
static int check_subject(const struct port_spec *s, char *err, size_t err_bytes)
{
	const char *what = NULL;

	switch (s->kind) {
	case PORT_XDP:
	case PORT_PACKET:
		what = iface_name_valid(s->subject) ? NULL : "an interface name";
		break;
	case PORT_PCI:
		what = pci_address_valid(s->subject) ? NULL : "a PCI address such as 0000:3b:00.0";
		break;
	case PORT_VDEV:
		what = strncmp(s->subject, "net_", 4) == 0 ? NULL
							   : "a DPDK driver such as net_af_packet";
		break;
	case PORT_MEMIF:
		if (!has_devarg(s, "role"))
			what = "role=server or role=client";
		else if (!has_devarg(s, "socket"))
			what = "socket=PATH";
		else if (!has_devarg(s, "id"))
			what = "id=N";
		break;
	default:
		break;
	}
	if (!what)
		return 0;
	snprintf(err, err_bytes, "--port %s: needs %s; write %s", s->text, what, usages[s->kind]);
	return -EINVAL;
}

static int parse_kind(const char *text, size_t len, enum port_kind *out)
{
	for (unsigned int k = 0; k < PORT_KIND_MAX; k++) {
		if (strlen(kinds[k].name) != len || strncmp(kinds[k].name, text, len) != 0)
			continue;
		*out = (enum port_kind)k;
		return 0;
	}
	return -EINVAL;
}

/* The comma-separated rest: the subject first where the kind has one, then key=value. */
static int parse_rest(struct port_spec *s, char *rest, char *err, size_t err_bytes)
{
	char *save = NULL;
	bool first = port_traits(s->kind)->kernel;

	for (char *item = strtok_r(rest, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(item, '=');

		if (first && !eq && strlen(item) < sizeof(s->subject)) {
			snprintf(s->subject, sizeof(s->subject), "%s", item);
			first = false;
			continue;
		}
		if (!eq || eq == item) {
			snprintf(err, err_bytes, "--port %s: '%s' is not KEY=VALUE; write %s",
				 s->text, item, usages[s->kind]);
			return -EINVAL;
		}
		*eq = '\0';
		if (parse_option(s, item, eq + 1, err, err_bytes) < 0)
			return -EINVAL;
		first = false;
	}
	return 0;
}

int port_spec_parse(const char *text, struct port_spec *out, char *err, size_t err_bytes)
{
	struct port_spec s = { .peer_mac = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	size_t name_len = strcspn(text, ":");
	char rest[PORT_DEVARGS_BYTES + PORT_TEXT_BYTES] = "";

	if (parse_kind(text, name_len, &s.kind) < 0) {
		snprintf(err, err_bytes,
			 "--port %.60s: unknown backend; use xdp:IFACE, packet:IFACE, pci:ADDRESS, "
			 "vdev:DEVARGS, memif:ARGS or null",
			 text);
		return -EINVAL;
	}
	if (strlen(text) >= sizeof(rest)) {
		snprintf(err, err_bytes, "--port %.60s...: longer than %zu bytes", text,
			 sizeof(rest) - 1);
		return -EINVAL;
	}
	snprintf(s.text, sizeof(s.text), "%.*s", PORT_TEXT_BYTES - 1, text);
	if (text[name_len] == ':')
		snprintf(rest, sizeof(rest), "%s", text + name_len + 1);
	if (parse_rest(&s, rest, err, err_bytes) < 0)
		return -EINVAL;
	if (check_subject(&s, err, err_bytes) < 0)
		return -EINVAL;
	*out = s;
	return 0;
}
