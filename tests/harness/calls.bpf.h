/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How this architecture names the functions behind system calls (SYSCALL_DEFINE of the kernel). */
#pragma once

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_FUNCTION(call) "__x64_sys_" call
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_FUNCTION(call) "__arm64_sys_" call
#else
#error "the prefix of this architecture's system calls is not known"
#endif
