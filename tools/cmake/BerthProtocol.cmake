# SPDX-License-Identifier: MIT
#
# berth_add_protocol(NAME sources... [TRANSCRIPTS files...])
#
# Adds the target NAME, which builds NAME.so: a plugin that server.yaml can
# list. Sources are C (C11 unless CMAKE_C_STANDARD says otherwise) or C++ (C++20
# unless CMAKE_CXX_STANDARD does; project() must name the language). It is an
# ordinary target: link to it what it needs.
#
# Only berth_protocol_1 is exported, and a symbol that nothing defines is an
# error when linking. Set BERTH_ALLOW_UNDEFINED before the call if the symbols
# come from the program that loads the plugin, as those of clang's sanitizers.
#
# Each transcript is a test, NAME.FILE, which ctest runs after enable_testing():
# berth-try replays it in all the ways that it knows.
#
# With BERTH_FUZZ, and clang, the plugin is instrumented for berth-fuzz: the
# edges that run and the values that are compared are told, and undefined
# behaviour is trapped. Any program can load it as before.
#
# BERTH_PLUGIN_DIR is where an installed server looks, relative to its prefix:
#   install(TARGETS NAME LIBRARY DESTINATION ${BERTH_PLUGIN_DIR})
include(GNUInstallDirs)

# Before the guard: each folder that calls find_package() has variables of its
# own.
set(BERTH_PLUGIN_DIR "${CMAKE_INSTALL_LIBDIR}/berth")
include_guard(GLOBAL)

option(BERTH_FUZZ "Instrument plugins for berth-fuzz (clang alone can)" OFF)

function(berth_add_transcripts name)
    foreach(file IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH file
            BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
        cmake_path(GET file STEM stem)
        add_test(NAME ${name}.${stem}
            COMMAND berth::berth-try "$<TARGET_FILE:${name}>" "${file}")
    endforeach()
endfunction()

# Sets `map` to what the plugin exports then.
function(berth_instrument name)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "BERTH_FUZZ takes clang: -DCMAKE_C_COMPILER=clang")
    endif()
    set(folder "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
    # What is undefined is trapped, which takes no library; but not what concerns
    # pointers: it would be a branch for each access, that no input can take.
    # Comparisons are to be calls.
    target_compile_options(${name} PRIVATE
        -g -fno-omit-frame-pointer
        -fsanitize-coverage=inline-8bit-counters,pc-table,indirect-calls,trace-cmp
        -fsanitize=bool,bounds,enum,float-cast-overflow
        -fsanitize=integer-divide-by-zero,return,shift,signed-integer-overflow
        -fsanitize=unreachable,vla-bound
        -fsanitize-trap=all)
    foreach(comparison IN ITEMS memcmp strcmp strncmp strcasecmp strncasecmp
            strstr memmem)
        target_compile_options(${name} PRIVATE -fno-builtin-${comparison})
    endforeach()
    if(NOT TARGET berth_plugin_fuzz)
        add_library(berth_plugin_fuzz OBJECT "${folder}/plugin-fuzz.c")
        set_target_properties(berth_plugin_fuzz PROPERTIES
            POSITION_INDEPENDENT_CODE ON)
    endif()
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:berth_plugin_fuzz>)
    set(map "${folder}/plugin-fuzz.map" PARENT_SCOPE)
endfunction()

function(berth_add_protocol name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" TRANSCRIPTS)
    set(sources ${arg_UNPARSED_ARGUMENTS})
    if(NOT sources)
        message(FATAL_ERROR "berth_add_protocol(${name}): no sources")
    endif()
    add_library(${name} MODULE ${sources})
    target_link_libraries(${name} PRIVATE berth::protocol)
    set_target_properties(${name} PROPERTIES
        PREFIX ""
        SUFFIX ".so"
        C_VISIBILITY_PRESET hidden
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON)
    set(map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
    if(BERTH_FUZZ)
        berth_instrument(${name})
    endif()
    target_link_options(${name} PRIVATE "-Wl,--version-script=${map}")
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${map}")
    if(NOT DEFINED CMAKE_C_STANDARD)
        set_target_properties(${name} PROPERTIES C_STANDARD 11)
    endif()
    if(NOT DEFINED CMAKE_CXX_STANDARD)
        set_target_properties(${name} PROPERTIES CXX_STANDARD 20)
    endif()
    if(NOT BERTH_ALLOW_UNDEFINED)
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    # In Berth's own tree a plugin is compiled as the server is.
    foreach(own IN ITEMS berth_warnings berth_instrumentation)
        if(TARGET ${own})
            target_link_libraries(${name} PRIVATE ${own})
        endif()
    endforeach()
    if(arg_TRANSCRIPTS)
        berth_add_transcripts(${name} ${arg_TRANSCRIPTS})
    endif()
endfunction()
