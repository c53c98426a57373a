/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK for a benchmark without devices: one thread, nothing shared, nothing left in the file system. Program's only
 * thread.
 */
#include <rte_eal.h>
#include <rte_errno.h>

#include "pipe.h"

#define MEMORY_MB 128u
#define PAGES_FREE "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"

static bool hugepages;

static bool has_free_pages(void)
{
	FILE *f = fopen(PAGES_FREE, "re");
	unsigned int pages = 0;

	if (f && fscanf(f, "%u", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * 2 >= MEMORY_MB;
}

int pipe_start(void)
{
	static const char *const huge[] = { "--in-memory" }, *const small[] = { "--no-huge",
										"--no-shconf" };
	static const char *const common[] = { "--no-pci", "--no-telemetry", "--log-level=*:error",
					      "-m128" };
	static char texts[8][32], *argv[8]; /* DPDK changes the array, and keeps the texts */
	int argc = 0;

	hugepages = has_free_pages();
	snprintf(texts[argc++], sizeof(texts[0]), "rtpwire-bench");
	for (unsigned int i = 0; i < (hugepages ? 1 : 2); i++)
		snprintf(texts[argc++], sizeof(texts[0]), "%s", hugepages ? huge[i] : small[i]);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		snprintf(texts[argc++], sizeof(texts[0]), "%s", common[i]);
	for (int i = 0; i < argc; i++)
		argv[i] = texts[i];
	if (rte_eal_init(argc, argv) >= 0)
		return 0;
	fprintf(stderr, "rtpwire-bench: DPDK does not start: %s\n", rte_strerror(rte_errno));
	return -1;
}

bool pipe_has_hugepages(void)
{
	return hugepages;
}
