/* SPDX-License-Identifier: Apache-2.0 */
/* Folders: the few operations that the state and the pins need. Blocks; any thread. */
#pragma once

#include <stddef.h>

/* Makes the last component of @path if it is missing, for the owner only. Return: 0; -errno. */
int folder_make(const char *path);
/**
 * folder_list() - names in a folder, sorted, without "." and ".."
 * @ret_names: release with folder_free_names()
 *
 * Return: 0; -errno.
 */
int folder_list(const char *path, char ***ret_names, size_t *ret_n);
void folder_free_names(char **names, size_t n);
/* Removes a folder and the files in it, no folders below. Return: 0, also if it is not there;
 * -errno. */
int folder_remove(const char *path);
