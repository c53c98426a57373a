/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts per proxy and command. A fixed table: strangers who ask from many addresses cannot grow
 * it. Control's only thread.
 */
#include "ng_stats.h"

#include <stdio.h>
#include <string.h>

static struct ng_stats_proxy proxies[NG_STATS_PROXY_MAX];
static size_t proxy_count;

/* "udp:127.0.0.1:5000" to "127.0.0.1", "tcp:[::1]:5000" to "::1", "unix:/path" to "unix". */
static void proxy_name(const char *source, char out[static sizeof(proxies->name)])
{
	const char *start = strchr(source, ':'), *end;

	if (!start || strncmp(source, "unix", 4) == 0) {
		snprintf(out, sizeof(proxies->name), "unix");
		return;
	}
	start++;
	end = strrchr(start, ':');
	if (*start == '[') {
		start++;
		end = strchr(start, ']');
	}
	if (!end)
		end = start + strlen(start);
	snprintf(out, sizeof(proxies->name), "%.*s", (int)(end - start), start);
}

static struct ng_stats_proxy *find_or_add(const char *source)
{
	char name[sizeof(proxies->name)];
	struct ng_stats_proxy *p;

	proxy_name(source, name);
	for (size_t i = 0; i < proxy_count; i++) {
		if (strcmp(proxies[i].name, name) == 0)
			return &proxies[i];
	}
	if (proxy_count == NG_STATS_PROXY_MAX)
		return &proxies[NG_STATS_PROXY_MAX - 1];
	p = &proxies[proxy_count++];
	snprintf(p->name, sizeof(p->name), "%s",
		 proxy_count == NG_STATS_PROXY_MAX ? "others" : name);
	return p;
}

void ng_stats_count(const char *source, unsigned int row, uint64_t duration_ns, bool error)
{
	struct ng_stats_proxy *p = find_or_add(source);

	if (row < NG_STATS_COMMAND_MAX) {
		p->commands[row].count++;
		p->commands[row].duration_ns += duration_ns;
	}
	p->errors += error;
}

size_t ng_stats_proxy_count(void)
{
	return proxy_count;
}

const struct ng_stats_proxy *ng_stats_proxy(size_t i)
{
	return &proxies[i];
}

void ng_stats_clear(void)
{
	memset(proxies, 0, sizeof(proxies));
	proxy_count = 0;
}
