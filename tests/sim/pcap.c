/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture files; see pcap.h. Numbers in them are little endian, as made here and by make_pcaps.py.
 */
#include "pcap.h"

#include <endian.h>
#include <errno.h>

#define MAGIC_NS 0xa1b23c4du
#define LINK_ETHERNET 1u

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_bytes, link;
};

struct frame_header {
	uint32_t seconds, fraction_ns, captured_bytes, frame_bytes;
};

int pcap_open(const char *path, FILE **out)
{
	struct file_header h;
	FILE *f = fopen(path, "rb");

	if (!f)
		return -ENOENT;
	if (fread(&h, sizeof(h), 1, f) != 1 || le32toh(h.magic) != MAGIC_NS ||
	    le32toh(h.link) != LINK_ETHERNET) {
		fclose(f);
		return -EPROTO;
	}
	*out = f;
	return 0;
}

int pcap_read(FILE *f, struct pcap_frame *out)
{
	struct frame_header h;

	if (fread(&h, sizeof(h), 1, f) != 1)
		return feof(f) ? 0 : -EPROTO;
	out->time_ns = le32toh(h.seconds) * 1000000000ull + le32toh(h.fraction_ns);
	out->bytes = le32toh(h.captured_bytes);
	if (out->bytes > PCAP_FRAME_BYTES || fread(out->data, 1, out->bytes, f) != out->bytes)
		return -EPROTO;
	return 1;
}

int pcap_create(const char *path, FILE **out)
{
	struct file_header h = { .magic = htole32(MAGIC_NS),
				 .major = htole16(2),
				 .minor = htole16(4),
				 .snap_bytes = htole32(PCAP_FRAME_BYTES),
				 .link = htole32(LINK_ETHERNET) };
	FILE *f = fopen(path, "wb");

	if (!f)
		return -EACCES;
	fwrite(&h, sizeof(h), 1, f);
	*out = f;
	return 0;
}

void pcap_write(FILE *f, uint64_t time_ns, const uint8_t *data, uint32_t bytes)
{
	struct frame_header h = { .seconds = htole32((uint32_t)(time_ns / 1000000000u)),
				  .fraction_ns = htole32((uint32_t)(time_ns % 1000000000u)),
				  .captured_bytes = htole32(bytes),
				  .frame_bytes = htole32(bytes) };

	fwrite(&h, sizeof(h), 1, f);
	fwrite(data, 1, bytes, f);
}
