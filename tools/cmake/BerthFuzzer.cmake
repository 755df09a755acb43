# SPDX-License-Identifier: MIT
#
# libFuzzer as a library: the target berth_fuzzer. Where there is none, there is
# no such target, and berth-fuzz is left out.
#
# It comes with clang (Debian: libclang-rt-dev), but any compiler can link it. It
# is C++; what it needs of that is linked statically, so that a package of Berth
# depends on no more than the server does.
include(CheckCSourceCompiles)

set(file "libclang_rt.fuzzer_no_main-${CMAKE_SYSTEM_PROCESSOR}.a")
set(clang "${CMAKE_C_COMPILER}")
if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    find_program(BERTH_CLANG clang)
    mark_as_advanced(BERTH_CLANG)
    set(clang "${BERTH_CLANG}")
endif()

if(NOT BERTH_FUZZER_LIBRARY AND clang)
    execute_process(
        COMMAND "${clang}" -print-file-name=${file}
        OUTPUT_VARIABLE found
        OUTPUT_STRIP_TRAILING_WHITESPACE
        ERROR_QUIET)
    if(IS_ABSOLUTE "${found}" AND EXISTS "${found}")
        set(BERTH_FUZZER_LIBRARY "${found}" CACHE FILEPATH "clang's ${file}"
            FORCE)
        unset(BERTH_FUZZER_LINKS CACHE)
    endif()
endif()

set(parts "${BERTH_FUZZER_LIBRARY}"
    -static-libgcc -Wl,-Bstatic -lstdc++ -Wl,-Bdynamic -lm)
if(BERTH_FUZZER_LIBRARY)
    set(CMAKE_REQUIRED_LIBRARIES ${parts} -pthread)
    check_c_source_compiles([[
        int LLVMFuzzerRunDriver(int *, char ***, int (*)(void));
        int main(int argc, char **argv)
        {
            return LLVMFuzzerRunDriver(&argc, &argv, 0);
        }]] BERTH_FUZZER_LINKS)
    unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(NOT BERTH_FUZZER_LIBRARY OR NOT BERTH_FUZZER_LINKS)
    message(STATUS
        "No berth-fuzz: it takes clang's ${file} and libstdc++.a "
        "(Debian: clang, libclang-rt-dev, g++)")
    unset(BERTH_FUZZER_LINKS CACHE) # it is looked for again next time
    return()
endif()

add_library(berth_fuzzer INTERFACE)
target_link_libraries(berth_fuzzer INTERFACE ${parts})
# A plugin that is instrumented calls it.
target_link_options(berth_fuzzer INTERFACE
    "LINKER:--export-dynamic-symbol=__sanitizer_cov_*"
    "LINKER:--export-dynamic-symbol=__sancov_*")
