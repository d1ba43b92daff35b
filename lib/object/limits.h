/* SPDX-License-Identifier: Apache-2.0 */
/* What a package can make grow in the kernel and here, once it is opened. */
#pragma once

#define EUN__PROGRAMS_MAX	 256	     /* programs in an object */
#define EUN__PROGRAM_MAPS_MAX	 64	     /* maps of a program: the kernel's MAX_USED_MAPS */
#define EUN__VERIFIER_LOG_BYTES	 (4u << 20)  /* touched only when a program is refused */
#define EUN__VERIFIER_TAIL_BYTES 4096u	     /* of the log, in an error */
#define EUN__KERNEL_BTF_BYTES	 (64u << 20) /* vmlinux BTF is 5 MB; a bound for odd kernels */
#define EUN__REDUCED_BTF_BYTES	 (4u << 20)  /* larger closures use the whole kernel BTF */
#define EUN__REDUCED_CACHE_MAX	 64	     /* reduced BTFs kept, some hundred bytes each */
#define EUN__GATE_ENTRIES	 16	     /* generations that a gate can hold loaded */
#define EUN__PERF_EVENT_HZ	 1	     /* samples a second and CPU, as upstream's loader */
