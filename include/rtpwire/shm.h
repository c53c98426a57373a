/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making and attaching the shared memories. Nothing of an attached memory is used before its seals,
 * size, magic and every offset have been checked, so a hostile peer can neither shrink it under us
 * (SIGBUS) nor point us outside.
 */
#ifndef RTPWIRE_SHM_H
#define RTPWIRE_SHM_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtpwire/punt.h"
#include "rtpwire/stats.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define RW_SEALS_SIZE (F_SEAL_SHRINK | F_SEAL_GROW)

/*
 * Makes a zero-filled memfd of size_bytes, maps it writable at *out and seals it: its size always, and,
 * if read_only_for_others, against new writable mappings. Returns the descriptor (caller closes, and
 * unmaps *out), or -errno of the step that failed with nothing left open. Needs _GNU_SOURCE.
 */
static inline int rw_shm_create(const char *name, size_t size_bytes, int read_only_for_others,
				void **out)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int seals = RW_SEALS_SIZE | F_SEAL_SEAL;
	void *map;
	int err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size_bytes) < 0)
		goto fail;
	map = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	if (!read_only_for_others)
		madvise(map, size_bytes, MADV_DONTDUMP); /* keys pass through it */
	if (read_only_for_others)
		seals |= F_SEAL_FUTURE_WRITE;
	if (fcntl(fd, F_ADD_SEALS, seals) < 0) {
		err = errno;
		munmap(map, size_bytes);
		close(fd);
		return -err;
	}
	*out = map;
	return fd;
fail:
	err = errno;
	close(fd);
	return -err;
}

/*
 * Maps a memfd received from a peer. min_bytes is the least acceptable size. 0 with *out and
 * *size_bytes (caller unmaps), -EPERM when it can still be resized, -EPROTO when it is too small, or
 * -errno of a system call.
 */
static inline int rw_shm_attach(int fd, size_t min_bytes, int writable, void **out,
				size_t *size_bytes)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	void *map;

	if (seals < 0)
		return -errno;
	if ((seals & RW_SEALS_SIZE) != RW_SEALS_SIZE)
		return -EPERM;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < 0 || (uint64_t)st.st_size < min_bytes)
		return -EPROTO;
	map = mmap(NULL, (size_t)st.st_size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
		   MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	if (writable)
		madvise(map, (size_t)st.st_size, MADV_DONTDUMP);
	*out = map;
	*size_bytes = (size_t)st.st_size;
	return 0;
}

/* True when count elements of element_bytes at offset lie inside size_bytes, aligned to a line. */
static inline int rw_shm_inside(uint64_t offset, uint64_t count, uint64_t element_bytes,
				uint64_t size_bytes)
{
	return offset % RW_CACHE_LINE_BYTES == 0 && offset <= size_bytes &&
	       count <= (size_bytes - offset) / element_bytes;
}

/* 0 when the stats memory's header fits its size and the limits from welcome, else -EPROTO. */
static inline int rw_stats_check(const struct rw_stats_header *copy, uint64_t size_bytes,
				 const struct rw_limits *lim)
{
	if (copy->magic != RW_STATS_MAGIC || copy->version != RW_ABI_VERSION ||
	    copy->size_bytes != size_bytes)
		return -EPROTO;
	if (copy->workers != lim->workers || copy->workers == 0 || copy->workers > RW_WORKERS_MAX ||
	    copy->flow_slots != rw_flow_slots(lim))
		return -EPROTO;
	if (!rw_shm_inside(copy->workers_offset, copy->workers, sizeof(struct rw_worker_stats),
			   size_bytes) ||
	    !rw_shm_inside(copy->flows_offset, copy->flow_slots, sizeof(struct rw_flow_stats),
			   size_bytes))
		return -EPROTO;
	return 0;
}

/* 0 when the wire memory's header and size are those of the contract, else -EPROTO. */
static inline int rw_wire_check(const struct rw_wire_header *copy, uint64_t size_bytes)
{
	return copy->magic == RW_WIRE_MAGIC && copy->version == RW_ABI_VERSION &&
			       copy->size_bytes == size_bytes && size_bytes == rw_wire_bytes()
		       ? 0
		       : -EPROTO;
}

#endif
