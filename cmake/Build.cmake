# SPDX-License-Identifier: MIT
#
# Flags, as interface targets. A target gets what it links:
#
#   sunpath::build       language, warnings, sanitizers, coverage, hardening, SP_CHECKS.
#                        For everything written here.
#   sunpath::strict      further warnings, for code that others include or link. For core.
#   sunpath::instrument  what makes a fuzzing engine see coverage. For the code under test only,
#                        so that the engine is guided by nothing else.
#
# Link options reach the program through static libraries by themselves.

add_library(sunpath_build INTERFACE)
add_library(sunpath::build ALIAS sunpath_build)
add_library(sunpath_strict INTERFACE)
add_library(sunpath::strict ALIAS sunpath_strict)
add_library(sunpath_instrument INTERFACE)
add_library(sunpath::instrument ALIAS sunpath_instrument)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)

target_compile_options(sunpath_build INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wconversion -Wshadow>)
# A target can have checks where the build has none: SUNPATH_CHECKED, a property of its own.
target_compile_definitions(sunpath_build INTERFACE
    SP_CHECKS=$<OR:$<BOOL:${SUNPATH_CHECKS}>,$<BOOL:$<TARGET_PROPERTY:SUNPATH_CHECKED>>>)

target_compile_options(sunpath_strict INTERFACE
    -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wwrite-strings -Wvla -Wformat=2
    -Wpointer-arith -Wimplicit-fallthrough -Wcast-qual)

if(SUNPATH_SANITIZE)
    # A finding must end the run: a message that scrolls by is not an alarm.
    set(_sanitize -fsanitize=${SUNPATH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(sunpath_build INTERFACE ${_sanitize})
    target_link_options(sunpath_build INTERFACE ${_sanitize})
endif()

if(SUNPATH_COVERAGE)
    set(_coverage -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc)
    target_compile_options(sunpath_instrument INTERFACE ${_coverage})
    target_link_options(sunpath_build INTERFACE -fprofile-instr-generate)
endif()

# afl-clang-fast instruments by itself whatever it compiles.
if(SUNPATH_ENGINE STREQUAL "libfuzzer")
    target_compile_options(sunpath_instrument INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(SUNPATH_HARDEN)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    # At the link too: with link-time optimisation that is where code is made.
    set(_harden -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    # Everything is bound when the program starts (-z now), so the way through the PLT would only be
    # longer.
    target_compile_options(sunpath_build INTERFACE -D_FORTIFY_SOURCE=3 ${_harden} -fno-plt)
    target_link_options(sunpath_build INTERFACE ${_harden}
        LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack
        $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
endif()
