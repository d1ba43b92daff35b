# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=descriptor_set.bin -DOUTPUT=descriptor_set.c -P embed.cmake: bytes as C source.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUTPUT} "#include \"rpc/descriptor_set.h\"

const unsigned char descriptor_set[] = {
${hex}
};
const size_t descriptor_set_size = sizeof(descriptor_set);
")
