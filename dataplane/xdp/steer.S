/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The compiled steering program as data of the executable. STEER_OBJECT is its path, from meson.
 */
	.section .rodata
	.balign 16
	.globl steer_object
	.hidden steer_object
steer_object:
	.incbin STEER_OBJECT
	.globl steer_object_end
	.hidden steer_object_end
steer_object_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
