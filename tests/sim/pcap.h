/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture files with nanoseconds (magic a1b23c4d, Ethernet), as sim reads and writes them.
 */
#ifndef RTPWIRE_TESTS_PCAP_H
#define RTPWIRE_TESTS_PCAP_H

#include <stdint.h>
#include <stdio.h>

#define PCAP_FRAME_BYTES 4096u

struct pcap_frame {
	uint64_t time_ns;
	uint32_t bytes;
	uint8_t data[PCAP_FRAME_BYTES];
};

/* Opens a capture for reading. 0 and *out, -ENOENT, or -EPROTO when it is not one of ours. */
int pcap_open(const char *path, FILE **out);

/* Next frame. 1; 0 at the end; -EPROTO when the file is damaged. */
int pcap_read(FILE *f, struct pcap_frame *out);

/* Makes a capture. 0 and *out, or -EACCES. */
int pcap_create(const char *path, FILE **out);

void pcap_write(FILE *f, uint64_t time_ns, const uint8_t *data, uint32_t bytes);

#endif
