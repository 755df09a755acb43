# SPDX-License-Identifier: MIT
#
# The Debian package: `cpack` in a build's folder, best in that of the preset
# release, makes berth_VERSION_ARCHITECTURE.deb. It is one package, with the
# SDK, since that is a few small files. It needs dpkg-dev.
set(BERTH_MAINTAINER "The Berth authors <maintainers@berth.invalid>" CACHE STRING
    "Maintainer of the Debian package: name and address")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME berth)
set(CPACK_PACKAGE_CONTACT "${BERTH_MAINTAINER}")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "TCP server that speaks whatever protocol is plugged into it")
set(CPACK_PACKAGE_DESCRIPTION
    "Berth listens, and a protocol, which is a shared object, is handed bytes.
A YAML file says which protocol is served at which address. One process for
each processor serves all connections; a crash of a protocol ends no other
process, and what is changed is taken over without losing a connection.
.
The protocols echo, line and http come with it, and what is needed to write
others: headers, a CMake package, and tools that begin one and try it.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, gcc | c-compiler, clang, pkg-config")
set(CPACK_STRIP_FILES OFF) # package-debian.cmake does

# A script installs it: configuration belongs into /etc, and some more of it has
# another form in Debian. It is handed what it cannot know.
set(staging "${PROJECT_BINARY_DIR}/package")
file(CONFIGURE OUTPUT "${staging}/install.cmake" @ONLY CONTENT [[
set(build "@PROJECT_BINARY_DIR@")
set(source "@PROJECT_SOURCE_DIR@")
set(staging "@staging@")
set(version "@PROJECT_VERSION@-@CPACK_DEBIAN_PACKAGE_RELEASE@")
set(maintainer "@BERTH_MAINTAINER@")
include("@PROJECT_SOURCE_DIR@/tools/cmake/package-debian.cmake")
]])
set(CPACK_INSTALL_CMAKE_PROJECTS "")
set(CPACK_INSTALL_SCRIPTS "${staging}/install.cmake")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${staging}/conffiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_OUTPUT_CONFIG_FILE "${PROJECT_BINARY_DIR}/CPackConfig.cmake")
include(CPack)
