/* SPDX-License-Identifier: Apache-2.0 */
#include <eunomia/version.h>

const char *eun_version(void)
{
	return EUNOMIA_VERSION;
}
