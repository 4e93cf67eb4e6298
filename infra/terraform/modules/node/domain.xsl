<?xml version="1.0"?>
<!-- What the provider cannot say: the console as a file, and the serial numbers of the data disks.
     A volume is named MACHINE.SERIAL.qcow2; the root disk's SERIAL starts with root- and gets none. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes" indent="yes"/>
  <xsl:template match="@*|node()">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices/console">
    <serial type="file">
      <source path="{source/@path}" append="on"/>
      <target port="0"/>
    </serial>
  </xsl:template>
  <xsl:template match="/domain/devices/disk[@device='disk'][target/@bus='virtio'][not(serial)]">
    <xsl:variable name="serial" select="substring-before(substring-after(source/@volume, '.'), '.qcow2')"/>
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <xsl:if test="$serial != '' and not(starts-with($serial, 'root-'))">
        <serial><xsl:value-of select="$serial"/></serial>
      </xsl:if>
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
