/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target over files without libFuzzer, so that every compiler runs the seeds.
 * Arguments are files or directories. Each file is given whole, then every shorter beginning of
 * it, then with each byte changed once: the cuts and flips that parsers get wrong most. Exit
 * status 1 when no file was found.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define FILE_MAX_BYTES (1 << 20)
#define MUTATE_MAX_BYTES 4096 /* longer files are only given whole */

static unsigned long files;

/* From a block of exactly that size: a sanitizer then sees the first byte too many. */
static void give(const uint8_t *data, size_t n, size_t flip_at, uint8_t flip)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		exit(1);
	memcpy(copy, data, n);
	if (flip_at < n)
		copy[flip_at] ^= flip;
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void replay(const uint8_t *data, size_t n)
{
	files++;
	give(data, n, n, 0);
	if (n > MUTATE_MAX_BYTES)
		return;
	for (size_t i = 0; i < n; i++) {
		give(data, i, i, 0);
		give(data, n, i, 0x01);
		give(data, n, i, 0x80);
	}
}

static void replay_file(const char *path)
{
	uint8_t *data = malloc(FILE_MAX_BYTES);
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f || !data) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	n = fread(data, 1, FILE_MAX_BYTES, f);
	fclose(f);
	replay(data, n);
	free(data);
}

static void replay_path(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];

	if (!dir) {
		replay_file(path);
		return;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		replay_file(name);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay_path(argv[i]);
	printf("%lu files\n", files);
	return files ? 0 : 1;
}
