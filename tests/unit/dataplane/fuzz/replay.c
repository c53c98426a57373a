/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target over the files of the directories given, for compilers without libFuzzer.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_BYTES (1u << 20)

static uint8_t input[INPUT_BYTES];

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f) {
		perror(path);
		return 1;
	}
	size = fread(input, 1, sizeof(input), f);
	fclose(f);
	LLVMFuzzerTestOneInput(input, size);
	return 0;
}

/* Returns files that could not be read; *count goes up by those that were. */
static int replay_folder(const char *folder, int *count)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	char path[4096];
	int failed = 0;

	if (!d) {
		perror(folder);
		return 1;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		failed += replay_file(path);
		*count += 1;
	}
	closedir(d);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0, count = 0;

	for (int i = 1; i < argc; i++)
		failed += replay_folder(argv[i], &count);
	printf("%d inputs\n", count);
	return failed || count == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
