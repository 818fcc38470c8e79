"""Files that packages write which the tests do without, packed and as text: what wrote them, and how, stands beside each."""

import base64
import zlib


def unpacked(text):
    return zlib.decompress(base64.b85decode(text))


# Polars 2.1: `frame.write_ipc(out, compression="zstd")` of the columns i, s, l, d, c (Categorical) and f. Such a file has
# no stream of messages in it: only its footer says where they are.
POLARS_ZSTD = unpacked(
    'c-rk&&1(};5TD(AZSATtMp&il^AM<bFh-GL4kpwOgh)#$=&cDgv4OM^n`*pm4}u4ef>$pEk6r|iIf#FOhvK31<jIp%DQaDR?<?6XnlzSP#0Qhf'
    'yqVu`=FPr+Z}Y|C)U9(wVIunMd0vwEe*?e!Xp}7chG_!x+#iKJg{uS!L*Bzqlf<@udfpgx9AZI?5Q&ii*5o#%3i$~88Rvn_LrM^b`<(<G1Cv8X'
    'fw#ev6d2CE2@Hd_1-FekOXNsr)7j<onJlTiv(tsy$^6XK>r=%Wllel1)Yt-EVlBb=Rq^o^S+Hkd^IUU~obq+nVM&f}nCJ0P)tx(#I_3({S9I(V'
    '>eT!s$YV+#7xOvl#?_jY1wOx~YN$irdVyX#68l3u2bq5f@(K0?G}ApaIVORKI2{s5Ti`Z*IV~Cy{p0^@5V*WGL)OCiT=m@KJ_v!~u;AofUx#10'
    '=>jl3_qfU}#{n8coP2tY$YD^oe+If2f&U<NM?&eG(x;Sm1OB$sDGgM_7d77KjdzuOQsWKk8QRwQ$PCn@?Bkj*;BN=~6bj&#eZrSB)(z|QWsq(5'
    'mOV6H>+#oTx0x|Qv`s?|$B%a&6HObw9GSK`0KeP(X+J)_D)JMRDaGoI5V_Tt8y{X+eefwiK6TolGJuPBS+mk=vgUlb$!be%vBB<@?>AYa%F66P'
    't@5x>{ojYHpZW1@SxlJd;2FzZiMf%1__!Y*U-|RK*rWd2e!N{Kx^`1eyo-ME{w9B9m-&Old%XVM{l6eK<kn^W`sbpfuLk4!`TB;s=c_*F<oRm$'
    'oUg%qYF*u(r0$!YoVWCw^VZzK`=NVf_T9g$^75yah<$|U()0aEW5D{!xBlB|9Z5B3W9@NqBiXWkRltTK)%TIEuN3RO4|G5Of1~`X-zb-W$cwMk'
    'Uu=Onng'
)

# The same, twice: `polars.concat([frame, frame], rechunk=False).write_ipc(out, compression="uncompressed", record_batch_size=2)`.
POLARS_PLAIN = unpacked(
    'c-rk&ON$dh5UzQU9d*#SMi?K5J}7t*vhfnk!G!gJ5LpQUy=?}~x`DV6chq>x(SrvM{s@o$gd9XXdhp;c*pnw&Wf5`wy1Qm4)8s+i;6W^?sjkOY'
    ')m=T)J+($-?am63OGIDeI4+PJTX-I(Bjn-fQW<vX&w*dU)dIWVPtc2`vHf3hd=@ef_P~}yib}xRQU`B<cc8zPdBB_C7C4apV3|%MQ$VMH_mQWd'
    'Ff#WpFapw7xqa9?RijubR-RlcRfy}Z->$E()|%IDtTk?~*6Jl<+5=u=J(cl0=aVb)pf{n*TKB+J_U*63(>Z>?F5`3Do%`S}Y<0-1N$g45pYsbd'
    'kFE0zV6Rdd*NNH>rTsI{p$mQ&8@&uP_NUqhU4I+=1$r4$Bt5hxW*HHAI<Anu!tIXK^yrZ4pB#6<aK#@iJr|j8$or<>0|yySsGPFva_@57({sRF'
    ';5eeAsPC#>Bi=WQQaUy=PV7~dMV14@KV;cT;@NRNiMNb+9+Z<pHf4!*k>s<p_yOxdlF#syll4~}1Mg(lBWa1hnbGOY(p_WP^Wrbk!N@XnXNKLR'
    'Mbr<c_~rhGqTBn^_*o=lw;qV7-H$}H8AhVBEw*~%QTR9#y$unHr=9k*DflzA7_uiwcY-wc&z_*qqJ!?=^;=rL&wYzW$Ml!#k9&`;IdF@qzjwtj'
    '45!;ulIQUoO3&luoYd#BojH%qdu@mBT1icsem;+T*T#`B`e={obKlUP&(Wz^-K*((@A4U5V4IJ%=GBem>v{78KJp@lPPX=|B|Uy?+%y0GVgA*B'
    'n9D%a)L-mx9nS;)'
)

# pyorc 0.12: struct<i:int,u:uniontype<int,string,double>,l:array<uniontype<bigint,string>>,s:struct<a:uniontype<boolean,date>,b:int>>
ORC_UNIONS = unpacked(
    'c-r$1au#G@;9?VE;a~}1&;~MvxtJLk7=(B@ScKR(7zEfPcmfz?7#JQudY+Wtz@R9`_l&^}RUs2tA)f?a0D~D&;iRWYsSJ#Yf_!eOc6!q$UFi~1'
    'G|)UKcz^*c8}vLWDM29UNy3y#&r%qe#n>GsoP~~YBrq`O0A+<BmdF7uIi_O9$Hth(DMpm-OcG213<eMrK(^cQsj2em9ph3w=EXUUfsH{HsD+1%'
    'g#o08g@ZYO5yjADKtt7mDg>b_I60WLn7J4k0~qvyqM{J1_&6A?I5>K?G6?{20IGA-6wUb582LE&0S)40U^u|cz{JYH@c#jj{g;7}iJgJLjqw49'
    'WN-iqm84db@G&qXConLIu`_@aUI5BDF&zOjA$k}=B8&|{(t+^+P`siNED0hG00sXsFoKv3K*ezkvwC2bxiP6Us4+5>_IdLiG7xZ{Z1R6gU}B(e'
    '_mR{cOn3fk`N--Eboj=-*=QP^+_!pSn17Vug_EpvR_wjAkXbUd-S155v#vW2!hiM7Np0SLg0bw&+IQYwi+?k1Y2LQWT<h*D$JH`*6S`_#?rEOi'
    'dC}U<-f;R&{Ws!gdheOun2|r{{1xu^FR#R2x|)6d#p@4s|LW(~Uw&Bc+yC-w%^pS(MuynFjl72(cwEohY5&@|=yKsAgC$C;$^nK>X%0!vB8lwR'
    'PV)7%76;CX*!1;ps%`z>iCif>w;a8iCrH1p5k4~U&f{0A-tXo*ItR_X_c`R1$&PB~*xzPXCOyv-pB@{s<#3#~#w?i&Id8-{Z5%T7zHBr-^DXXx'
    '+#=UK?y9TOzcB3MPJhq)=BLHs&llx?Ffyd}ZS*^AAmaLWUi@L-SuIzR4AL}bYPGFu)eS!Gw_?A83Y&^qSBRNiLu04?L;D|G`<lhgI|U*(mDbeW'
    '|Ju5CpQ^})tKz@IXVqVDdev};vv3k?6~`Bu7ls!u-_bd9>Po}gl@1TrOg*`u{Xxo=N%NMSkl`&_H@T<8<fKRQ;Y{Xv(;D9~ZT*`)=T!H_Y&WaF'
    '(TS?P4rR+uD(W?^6q^6qH=%rql>6E*OS94!>^hTDUw>nFMb(NbPA>74o!(}f8PBnIT$H+2=6J3A{@=c|^RF}xni^SIRDFz{x!C<clv3;7O_G6I'
    '0-5*J7A^fPvF7iNrf-YS{(d{{*2%A*(sur1<oM4hz$nqsz@o&&z@yR2Xu#I=g_+qu$XOBq^!;>7'
)
