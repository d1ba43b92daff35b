# SPDX-License-Identifier: Apache-2.0
# Cross build for 64-bit ARM on Debian: cmake --toolchain packaging/cross/arm64.cmake ...
# What that needs: packaging/install-deps.sh -a arm64 build. The programs that the build makes and
# runs (trackers, completions are eunomiactl's work) and the unit tests go through the emulator.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(triple aarch64-linux-gnu)

set(CMAKE_C_COMPILER ${triple}-gcc)
find_program(CMAKE_CROSSCOMPILING_EMULATOR NAMES qemu-aarch64-static qemu-aarch64 REQUIRED)

# Debian keeps the libraries of all architectures side by side. Where pkg-config's own wrapper lies
# differs between releases; these folders do not.
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/${triple}/pkgconfig:/usr/share/pkgconfig)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
