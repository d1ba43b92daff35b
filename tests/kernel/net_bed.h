/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network and a cgroup of the test's own, and traffic of which every packet is known: a datagram
 * is sent only when the one before has come back, so that no queue can drop any.
 */
#pragma once

#define NET_BED_INTERFACE "lo"

/* Moves the process to a network of its own, loopback up. Return: 0; -errno. */
int net_bed_enter(void);
/**
 * net_bed_enter_cgroup() - move the process to a cgroup of its own
 * @ret_path: its folder, absolute; static
 *
 * Return: 0; -ENOENT if no cgroup v2 is mounted; -errno.
 */
int net_bed_enter_cgroup(const char **ret_path);
/* Moves the process back, and removes the cgroup. */
void net_bed_leave_cgroup(void);
/* One datagram to ourselves, one turn around the loopback. Return: 0; -errno (-EAGAIN: lost). */
int net_bed_send_datagram(void);
/* One TCP connection to ourselves, closed again by a reset. Return: 0; -errno. */
int net_bed_connect(void);
/* Closes the sockets that sending made. */
void net_bed_close(void);
